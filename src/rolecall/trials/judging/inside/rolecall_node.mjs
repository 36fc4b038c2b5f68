// A reporter of node:test that tells what became of each test, in a line of JSON each.
import { relative } from "node:path";

export default async function* tell(source) {
  const names = [];
  for await (const { type, data } of source) {
    if (type === "test:start") {
      names.length = data.nesting;
      names.push(data.name);
    }
    if (type !== "test:pass" && type !== "test:fail") continue;
    names.length = data.nesting;
    if (data.details?.type === "suite") continue;
    const file = data.file ? relative(process.cwd(), data.file) : "";
    const outcome = type === "test:fail" ? "failed" : data.skip || data.todo ? "skipped" : "passed";
    const error = data.details?.error;
    const says = String(error?.cause?.message ?? error?.message ?? "").split("\n")[0].slice(0, 300);
    const name = [...names, data.name].join(" > ").replaceAll(process.cwd() + "/", "");
    yield JSON.stringify({ id: `${file}::${name}`, outcome, says }) + "\n";
  }
}
