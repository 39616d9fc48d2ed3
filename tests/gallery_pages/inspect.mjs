/**
 * What a reader would see of the page, as lists of problems by what should hold; and its links. This runs in the page, so it can use
 * nothing from outside of itself.
 */
export function inspect(colorScheme) {
  const LEAST_TEXT = 14;
  const LONGEST_LINE = 90;
  const LEAST_SCALE = 0.69;
  const all = (selector) => [...document.querySelectorAll(selector)];
  const box = (element) => element.getBoundingClientRect();
  const say = (element) => `<${element.localName}> ${(element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 60)}`;
  const file = (img) => img.currentSrc.split("/").slice(-2).join("/");
  const isDark = (img) => /-dark\.\w+$/.test(img.currentSrc);
  const images = [...document.images];

  /** The text nodes that are shown, formulas' left out: their indices are small on purpose. */
  function texts(within) {
    const walker = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const shown = node.data.trim() && node.parentElement.checkVisibility() && !node.parentElement.closest("math");
      if (shown) found.push(node);
    }
    return found;
  }

  /** The most characters that stand on one line of a block. */
  function longestLine(block) {
    const lines = new Map();
    const range = document.createRange();
    for (const node of texts(block)) {
      for (let i = 0; i < node.length; i++) {
        range.setStart(node, i);
        range.setEnd(node, i + 1);
        const { bottom, width } = range.getBoundingClientRect();
        // Code and emphasis on the same line end a little higher or lower.
        const line = [...lines.keys()].find((y) => Math.abs(y - bottom) < 8) ?? bottom;
        if (width > 0) lines.set(line, (lines.get(line) ?? 0) + 1);
      }
    }
    return Math.max(0, ...lines.values());
  }

  const small = texts(document.body).map((node) => node.parentElement)
    .filter((element) => parseFloat(getComputedStyle(element).fontSize) < LEAST_TEXT);
  const cut = texts(document.body).map((node) => node.parentElement).filter((element) => {
    const { left, right } = box(element);
    return !element.closest(".scroll, .formula, pre") && (left < 0 || right > innerWidth + 1);
  });
  const wide = innerWidth >= 1366 ? all("p, li, figcaption, dd") : [];
  const page = document.documentElement;

  return {
    "has a language, a title, one heading and no script": [
      ...(page.lang ? [] : ["no lang"]),
      ...(document.title ? [] : ["no title"]),
      ...(all("h1").length === 1 ? [] : [`${all("h1").length} h1`]),
      ...(document.querySelector("meta[name=viewport]") ? [] : ["no viewport"]),
      ...all("script, iframe, object, form").map(say),
    ],
    "every image is there": images.filter((img) => !(img.complete && img.naturalWidth > 0 && box(img).width > 0)).map(file),
    "every image has an alternative": images.filter((img) => !img.alt.trim()).map(file),
    "every image is in the page's theme": images.filter((img) => isDark(img) !== (colorScheme === "dark")).map(file),
    "every figure's letters stay legible": images
      .filter((img) => img.closest("figure") && box(img).width < LEAST_SCALE * img.getAttribute("width")).map(file),
    "every figure has a caption": all("figure").filter((figure) => !figure.querySelector("figcaption")?.textContent.trim()).map(say),
    "nothing is wider than the screen": [
      ...(page.scrollWidth > innerWidth ? [`${page.scrollWidth} pixels on a screen of ${innerWidth}`] : []),
      ...cut.map(say),
    ],
    "nothing has to be scrolled sideways on a desktop": all(".scroll, .formula, pre")
      .filter((part) => innerWidth >= 1366 && part.scrollWidth > part.clientWidth + 1).map(say),
    "no text is too small": small.map(say),
    "no line is too long": wide.filter((block) => longestLine(block) > LONGEST_LINE).map((block) => `${longestLine(block)}: ${say(block)}`),
    "every formula is set": all("math")
      .filter((math) => {
        const { width, height } = box(math);
        return !(width > 0 && height > 0) || !getComputedStyle(math).display.includes("math") || math.querySelector("merror");
      }).map(say),
    "every formula can be spoken": all("math").filter((math) => !math.getAttribute("aria-label")?.trim()).map(say),
    links: [...document.links].map((link) => link.href),
    focusable: all("a[href], [tabindex]").length,
  };
}
