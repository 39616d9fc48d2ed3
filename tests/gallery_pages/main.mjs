// Opens every page of the gallery in a headless Chromium, in light and dark, from a phone's to a teacher's screen, and checks what a
// reader would see. `$CHROMIUM` names the browser where it isn't on the path.
//
//   npm install --no-save --no-package-lock
//   node main.mjs ../../target/gallery [--lessons ewma,batch_norm] [--shots DIR]
//
// --lessons   the names that the contents must list
// --shots     writes a screenshot of every page at every size to DIR

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { inspect } from "./inspect.mjs";
import { Report } from "./report.mjs";

const SCREENS = [
  { width: 360, height: 740 },
  { width: 820, height: 1180 },
  { width: 1366, height: 768 },
  { width: 1920, height: 1080 },
];
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { lessons: { type: "string" }, shots: { type: "string" } },
});
const folder = resolve(positionals[0] ?? fileURLToPath(new URL("../../target/gallery", import.meta.url)));
const root = pathToFileURL(folder).href + "/";
const pages = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".html")) : [];
if (!pages.includes("index.html")) {
  console.error(`${join(folder, "index.html")} does not exist; \`cargo run --release --example gallery\` writes it`);
  process.exit(2);
}
if (values.shots) mkdirSync(values.shots, { recursive: true });

const report = new Report();
const browser = await chromium.launch({ executablePath: executable(), args: FLAGS });
await Promise.all(["light", "dark"].map(async (colorScheme) => {
  for (const viewport of SCREENS) await visit({ colorScheme, viewport });
}));
await stillness();
await browser.close();
process.exit(report.end());

/** The browser that `$CHROMIUM` names, or the one on the path. */
function executable() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    try {
      return execFileSync("which", [name], { encoding: "utf8" }).trim();
    } catch {
      // The next one.
    }
  }
  console.error("no chromium on the path; $CHROMIUM may name one");
  process.exit(2);
}

/** Opens a page, and reports whatever it asks for beyond the folder, and every error in it. */
async function open(context, name, where) {
  const page = await context.newPage();
  const trouble = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(root)) trouble.push(`asks for ${request.url()}`);
  });
  page.on("requestfailed", (request) => trouble.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) trouble.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => trouble.push(`error: ${error.message}`));
  await page.goto(root + name, { waitUntil: "load" });
  // Figures below the first screen are loaded when they come near.
  await page.evaluate(async () => {
    for (const img of document.images) img.loading = "eager";
    await Promise.all([...document.images].map((img) => img.decode().catch(() => {})));
  });
  report.check(where, "asks for nothing outside of its folder, and has no error", trouble);
  return page;
}

/** All pages in one theme on one screen. */
async function visit({ colorScheme, viewport }) {
  const context = await browser.newContext({ colorScheme, viewport });
  const screen = `${viewport.width}x${viewport.height} ${colorScheme}`;
  for (const name of pages) {
    const where = `${name} ${screen}`;
    const page = await open(context, name, where);
    const { links, focusable, ...found } = await page.evaluate(inspect, colorScheme);
    for (const [what, problems] of Object.entries(found)) report.check(where, what, problems);
    report.check(where, "every link leads to a file", links.filter((link) => leadsNowhere(link)));
    if (name === "index.html") report.check(where, "the contents list every lesson", missing(links));
    if (values.shots) {
      const file = join(values.shots, `${name.replace(".html", "")}-${viewport.width}-${colorScheme}.png`);
      await page.screenshot({ path: file, fullPage: true });
    }
    // What these find depends on the theme and the order of things, not on the width.
    if (viewport.width === 360) report.check(where, "axe finds nothing", await axe(page));
    if (viewport.width === 1366) report.check(where, "the keyboard reaches every link", await unreached(page, focusable));
    await page.close();
  }
  await context.close();
}

/** Where less motion is asked for, nothing moves; elsewhere, what moves is a GIF. */
async function stillness() {
  for (const reducedMotion of ["reduce", "no-preference"]) {
    const context = await browser.newContext({ reducedMotion });
    for (const name of pages) {
      const where = `${name} motion: ${reducedMotion}`;
      const page = await open(context, name, where);
      const sources = await page.evaluate(() => [...document.images].map((img) => [img.currentSrc, img.src]));
      const wrong = sources.filter(([shown, moving]) =>
        reducedMotion === "reduce" ? shown.endsWith(".gif") : shown !== moving);
      report.check(where, "moves as much as the reader wants", wrong.map(([shown]) => shown));
      await page.close();
    }
    await context.close();
  }
}

function leadsNowhere(link) {
  const url = new URL(link);
  return url.protocol !== "file:" || !existsSync(fileURLToPath(new URL(url.pathname, "file://")));
}

/** The lessons and pages that the contents have no link to. */
function missing(links) {
  const lessons = values.lessons ? values.lessons.split(",").map((name) => `${name}.html`) : [];
  const expected = new Set([...lessons, ...pages.filter((name) => name !== "index.html")]);
  return [...expected].filter((name) => !links.includes(root + name));
}

/** The links that no number of presses of the tabulator comes to. */
async function unreached(page, focusable) {
  const reached = new Set();
  for (let i = 0; i < focusable + 2; i++) {
    await page.keyboard.press("Tab");
    const href = await page.evaluate(() => document.activeElement?.getAttribute("href"));
    if (href) reached.add(href);
  }
  const all = await page.evaluate(() => [...document.links].map((link) => link.getAttribute("href")));
  return all.filter((href) => !reached.has(href));
}

/** What axe finds wrong: contrast, names, roles, the order of headings, …. */
async function axe(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(" ")}: ${node.failureSummary?.replace(/\s+/g, " ")}`));
}
