// Checks that the links in our Markdown lead somewhere: that a file they name
// is there, and that a heading they name is in it. Links to the web are not
// followed.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], { encoding: "utf8" })
  .split("\n").filter((name) => name && !name.includes("testdata/") && existsSync(name));

// Code is no prose: links and headings in it mean nothing.
const prose = (name) => readFileSync(name, "utf8")
  .replace(/^(```|~~~)[^]*?^\1.*$/gm, (block) => block.replace(/[^\n]/g, ""));

// The anchor that GitHub gives a heading.
const slug = (heading) => heading.trim().toLowerCase()
  .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*]/g, "")
  .replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");

function anchors(name) {
  const seen = new Map(), all = new Set();
  for (const [, heading] of prose(name).matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)) {
    const base = slug(heading), n = seen.get(base) ?? 0;
    seen.set(base, n + 1);
    all.add(n ? `${base}-${n}` : base);
  }
  for (const [, id] of prose(name).matchAll(/<a (?:id|name)="([^"]+)"/g)) all.add(id);
  return all;
}

let links = 0;
const problems = [];
for (const file of files) {
  prose(file).split("\n").forEach((line, i) => {
    for (const [, target] of line.replace(/`[^`]*`/g, "").matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)) {
      if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue;
      links++;
      const [path, anchor] = target.split("#").map(decodeURIComponent);
      const where = path ? normalize(join(path.startsWith("/") ? "." : dirname(file), path)) : file;
      if (!existsSync(where)) problems.push(`${file}:${i + 1}: ${target}: there is no ${where}`);
      else if (anchor && !(statSync(where).isFile() && where.endsWith(".md") && anchors(where).has(anchor))) {
        problems.push(`${file}:${i + 1}: ${target}: ${where} has no heading "${anchor}"`);
      }
    }
  });
}

for (const problem of problems) console.error(problem);
console.log(`links: ${links} in ${files.length} files, ${problems.length} lead nowhere`);
process.exit(problems.length ? 1 : 0);
