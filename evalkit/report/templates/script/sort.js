/* Tables that sort by a press on a column's head. A cell sorts by its data-sort, else by its text. */
(function () {
  var language = document.documentElement.lang;
  var decimal = (1.5).toLocaleString(language).charAt(1);
  var order = new Intl.Collator(language, { numeric: true });

  function number(text) {
    var plain = text.replace(/[\s\u00a0\u202f]/g, "").replace(/\u2212/g, "-");
    plain = decimal === "," ? plain.replace(",", ".") : plain.replace(/,/g, "");
    return /^[-+]?[\d.]+/.test(plain) ? parseFloat(plain) : NaN;
  }

  function keyOf(row, column) {
    var cell = row.cells[column];
    if (!cell) return "";
    if (cell.hasAttribute("data-sort")) return cell.getAttribute("data-sort");
    var text = cell.textContent.trim();
    var value = number(text);
    return isNaN(value) ? text : String(value);
  }

  function sort(table, column, head) {
    var body = table.tBodies[0];
    var rows = Array.prototype.map.call(body.rows, function (row) {
      return { row: row, key: keyOf(row, column) };
    });
    var shown = rows.filter(function (one) { return one.key !== "" && one.key !== "–"; });
    var isNumber = shown.every(function (one) { return isFinite(one.key); });
    var was = head.getAttribute("aria-sort");
    var isUp = was ? was === "descending" : !isNumber;
    rows.sort(function (one, other) {
      var isEmpty = shown.indexOf(one) < 0, isOtherEmpty = shown.indexOf(other) < 0;
      if (isEmpty || isOtherEmpty) return isEmpty - isOtherEmpty;
      var difference = isNumber ? one.key - other.key : order.compare(one.key, other.key);
      return isUp ? difference : -difference;
    });
    rows.forEach(function (one) { body.appendChild(one.row); });
    table.querySelectorAll("thead [aria-sort]").forEach(function (other) {
      other.removeAttribute("aria-sort");
    });
    head.setAttribute("aria-sort", isUp ? "ascending" : "descending");
  }

  document.querySelectorAll("table.sortable").forEach(function (table) {
    if (!table.tHead || !table.tBodies.length) return;
    var heads = table.tHead.rows[table.tHead.rows.length - 1].cells;
    Array.prototype.forEach.call(heads, function (head, column) {
      var button = head.querySelector("button");
      if (!button) {
        button = document.createElement("button");
        button.type = "button";
        while (head.firstChild) button.appendChild(head.firstChild);
        head.appendChild(button);
      }
      button.addEventListener("click", function () { sort(table, column, head); });
    });
    table.classList.add("sorts");
  });
})();
