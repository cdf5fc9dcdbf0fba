// What a page looks like once a browser has laid it out: returned as one object to the tests.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
all("details").forEach((element) => { element.open = true; });

const channel = (value) => { const c = value / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
const colour = (text) => (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const ofHex = (text) => [1, 3, 5].map((at) => parseInt(text.trim().slice(at, at + 2), 16));
const ground = (element) => {
  // Letters on a bar stand on the bar's own colour.
  if (element.closest(".on-bar")) return ofHex(getComputedStyle(element.closest(".on-bar")).getPropertyValue("--c"));
  for (let at = element; at; at = at.parentElement) {
    const [r, g, b, alpha = 1] = colour(getComputedStyle(at).backgroundColor);
    if (alpha > 0) return [r, g, b];
  }
  return [255, 255, 255];
};
const contrast = (front, back) => {
  const [light, dark] = [luminance(front), luminance(back)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
};
const texts = all("body *").filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) && e.getClientRects().length);
const faint = texts.map((element) => {
  const style = getComputedStyle(element);
  const front = colour(element.closest("svg") ? style.fill : style.color);
  const size = parseFloat(style.fontSize);
  const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  return { text: element.textContent.trim().slice(0, 40), ratio: contrast(front, ground(element)), needed: isLarge ? 3 : 4.5 };
}).filter((found) => found.ratio < found.needed);

const table = (t) => ({
  caption: t.caption ? t.caption.textContent.trim() : "",
  headers: all("th", t).length,
  unscoped: all("th:not([scope])", t).length,
});
const picture = (svg) => {
  const figure = svg.closest("figure");
  return {
    role: svg.getAttribute("role"),
    label: svg.getAttribute("aria-label") || "",
    conclusion: figure && figure.querySelector("figcaption") ? figure.querySelector("figcaption").textContent.trim() : "",
    cells: figure ? all("details table td", figure).length : 0,
    height: svg.getBoundingClientRect().height,
  };
};
const top = (element) => Math.round(element.getBoundingClientRect().top);
const torn = all("td").filter((cell) => {
  const ranges = [[...cell.children].filter((e) => e.classList.contains("number")), ...all(".range", cell).map((range) => all(".number", range))];
  return ranges.some((ends) => new Set(ends.map(top)).size > 1);
}).map((cell) => cell.textContent.trim());
return {
  title: document.title,
  lang: document.documentElement.lang,
  headings: all("h1,h2,h3,h4,h5,h6").map((h) => Number(h.tagName[1])),
  landmarks: { main: all("main").length, header: all("body > header").length, footer: all("body > footer").length },
  navigations: all("nav").map((nav) => nav.getAttribute("aria-label") || nav.getAttribute("aria-labelledby") || ""),
  ids: all("[id]").map((e) => e.id),
  links: all("a").map((a) => ({ href: a.getAttribute("href"), text: a.textContent.trim(), lang: a.hreflang })),
  scripts: all("script").length,
  policy: (document.querySelector('meta[http-equiv="Content-Security-Policy"]') || { content: "" }).content,
  tables: all("table").map(table),
  pictures: all("figure.downloads > .picture > svg").map(picture),
  unnamed: all("svg").filter((svg) => !svg.parentElement.closest("svg") && !svg.closest("[aria-hidden=true]") && !(svg.getAttribute("role") === "img" && svg.getAttribute("aria-label"))).length,
  marks: all("[data-table]").map((e) => ({ ...e.dataset, text: e.textContent })),
  faint,
  torn,
};
