// What this tab had uploaded, so that loading the page anew does not lose it. The
// name stays in the tab: it is in no link, and no other tab or person has it.
const KEY = "pianqu-upload";

export default function tab({ data, setTriggerValue }) {
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
  if (kept) setTriggerValue("event", { kind: "resume", id: kept, n: Date.now() });
}
