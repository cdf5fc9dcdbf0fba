/* Tables as CSV and pictures as SVG, made in the page: nothing is fetched. A picture takes along its
   drawings and what stands beside them in elements of the class lettering. */
(function () {
  var labels = document.body.dataset;
  if (!labels.csv) return;
  var decimal = (1.5).toLocaleString(document.documentElement.lang).charAt(1);
  var separator = decimal === "," ? ";" : ",";
  var drawn = [
    "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray",
    "opacity", "overflow", "font-family", "font-size", "font-weight", "text-anchor",
    "vector-effect"
  ];

  function nameOf(text) {
    var ascii = text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
    return ascii.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 80);
  }

  function save(text, type, name, ending) {
    var link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: type + ";charset=utf-8" }));
    link.download = nameOf(document.title.split(" – ")[0] + " " + name) + ending;
    link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
  }

  function cellText(cell) {
    var copy = cell.cloneNode(true);
    copy.querySelectorAll("svg, .unseen").forEach(function (hidden) { hidden.remove(); });
    copy.querySelectorAll("br, p, li, div").forEach(function (line) { line.before(" "); });
    var text = copy.textContent.replace(/\u00ad/g, "").replace(/[\s\u00a0]+/g, " ").trim();
    var isNumber = /^[-+\u2212]?[\d\s\u00a0\u202f.,]+$/.test(text) && /\d/.test(text);
    if (isNumber) {
      text = text.replace(/[\s\u00a0\u202f]/g, "").replace(/\u2212/g, "-");
      if (decimal === ".") text = text.replace(/,/g, "");
    }
    return '"' + text.replace(/"/g, '""') + '"' + separator.repeat(cell.colSpan - 1);
  }

  function csv(table) {
    var lines = Array.prototype.map.call(table.rows, function (row) {
      return Array.prototype.map.call(row.cells, cellText).join(separator);
    });
    return "\ufeff" + lines.join("\r\n") + "\r\n";
  }

  function withStyles(picture) {
    var copy = picture.cloneNode(true);
    var originals = [picture].concat(Array.from(picture.querySelectorAll("*")));
    [copy].concat(Array.from(copy.querySelectorAll("*"))).forEach(function (element, at) {
      var style = getComputedStyle(originals[at]);
      drawn.forEach(function (property) {
        element.style.setProperty(property, style.getPropertyValue(property));
      });
    });
    return copy;
  }

  function svg(figure) {
    var around = figure.getBoundingClientRect();
    var space = figure.querySelector("svg").namespaceURI;
    var whole = document.createElementNS(space, "svg");
    var ground = document.createElementNS(space, "rect");
    ground.setAttribute("width", "100%");
    ground.setAttribute("height", "100%");
    ground.setAttribute("fill", colourBehind(figure.querySelector("svg")));
    whole.appendChild(ground);
    var bottom = 0;
    Array.prototype.forEach.call(figure.querySelectorAll("svg"), function (picture) {
      if (picture.parentNode.closest("svg")) return;
      var box = picture.getBoundingClientRect();
      var copy = withStyles(picture);
      copy.setAttribute("x", box.left - around.left);
      copy.setAttribute("y", box.top - around.top);
      copy.setAttribute("width", box.width);
      copy.setAttribute("height", box.height);
      whole.appendChild(copy);
      bottom = Math.max(bottom, box.bottom - around.top);
    });
    figure.querySelectorAll(".lettering").forEach(function (letters) {
      var box = letters.getBoundingClientRect();
      var style = getComputedStyle(letters);
      var copy = document.createElementNS(space, "text");
      copy.textContent = letters.textContent.trim();
      var isRight = style.textAlign === "right" || style.textAlign === "end";
      copy.setAttribute("x", (isRight ? box.right : box.left) - around.left);
      copy.setAttribute("y", box.top - around.top + 0.8 * parseFloat(style.fontSize));
      copy.setAttribute("text-anchor", isRight ? "end" : "start");
      copy.setAttribute("fill", style.color);
      ["font-family", "font-size", "font-weight"].forEach(function (property) {
        copy.style.setProperty(property, style.getPropertyValue(property));
      });
      whole.appendChild(copy);
      bottom = Math.max(bottom, box.bottom - around.top);
    });
    whole.setAttribute("width", Math.ceil(around.width));
    whole.setAttribute("height", Math.ceil(bottom));
    return new XMLSerializer().serializeToString(whole);
  }

  function colourBehind(element) {
    for (; element; element = element.parentElement) {
      var colour = getComputedStyle(element).backgroundColor;
      if (colour && !/^(transparent|rgba\(.*, 0\))$/.test(colour)) return colour;
    }
    return "#fff";
  }

  function add(label, name, after, act) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "download";
    button.textContent = label;
    button.setAttribute("aria-label", name ? label + ": " + name : label);
    button.addEventListener("click", act);
    after.after(button);
  }

  document.querySelectorAll("table.downloads").forEach(function (table) {
    var name = table.caption ? table.caption.textContent.trim() : "";
    var frame = table.closest(".table") || table;
    add(labels.csv, name, frame, function () { save(csv(table), "text/csv", name, ".csv"); });
  });
  document.querySelectorAll("figure.downloads").forEach(function (figure) {
    var title = figure.querySelector("figcaption");
    if (!figure.querySelector("svg")) return;
    var name = title ? title.textContent.trim() : figure.getAttribute("aria-label") || "";
    add(labels.svg, name, title || figure.lastElementChild, function () {
      save(svg(figure), "image/svg+xml", name, ".svg");
    });
  });
})();
