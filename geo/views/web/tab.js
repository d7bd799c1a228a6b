// What this tab had uploaded, so that loading the page anew does not lose it. The
// name stays in the tab: it is in no link, and no other tab or person has it.
const KEY = "pianqu-upload";
const REPEAT_MS = 3000;
let asking = 0;

export default function tab({ data, setTriggerValue }) {
  clearInterval(asking);
  document.documentElement.lang = data.lang === "zh" ? "zh-CN" : "en";
  if (data.upload) {
    sessionStorage.setItem(KEY, data.upload);
    return;
  }
  if (!data.fresh) {
    sessionStorage.removeItem(KEY);
    return;
  }
  const kept = sessionStorage.getItem(KEY);
  if (!kept) return;
  const ask = () => setTriggerValue("event", { kind: "resume", id: kept, n: Date.now() });
  ask();
  // again until it is answered: a word sent while the page begins may get lost
  asking = setInterval(ask, REPEAT_MS);
}
