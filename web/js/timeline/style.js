/** Colours of vem_core/plotting.py, so that the timeline and the drawn previews look alike. */

export const COLOURS = {
  background: "#16181d",
  panel: "#1f232b",
  text: "#e8eaf0",
  muted: "#8b93a5",
  grid: "#333945",
  beat: "#5b6475",
  downbeat: "#aab4c8",
  hit: "#4ade80",
  missed: "#f87171",
  transition: "#fbbf24",
  arousal: "#fb7185",
  valence: "#60a5fa",
};
export const SHOT_FILLS = ["#3b4a6b", "#4a3b6b", "#6b3b57", "#6b523b", "#3b6b55", "#3b636b"];

const C = COLOURS;
const CSS = `
.vem-tl { box-sizing: border-box; width: 100%; height: 100%; display: flex; flex-direction: column;
  gap: 6px; padding: 8px; border-radius: 6px; overflow: hidden; background: ${C.background};
  color: ${C.text}; font: 13px/1.35 system-ui, sans-serif; user-select: none; }
.vem-tl * { box-sizing: border-box; }
.vem-tl:focus { outline: none; }
.vem-tl button, .vem-tl input { font: inherit; color: inherit; }
.vem-tl button { background: ${C.panel}; border: 1px solid ${C.grid}; border-radius: 4px;
  padding: 2px 8px; cursor: pointer; white-space: nowrap; }
.vem-tl button:hover:not(:disabled) { border-color: ${C.downbeat}; }
.vem-tl button:disabled { opacity: 0.4; cursor: default; }
.vem-tl :focus-visible { outline: 2px solid ${C.valence}; outline-offset: 1px; }
.vem-bar { display: flex; flex-wrap: wrap; gap: 4px; align-items: center; flex: none; }
.vem-bar .vem-clock { margin-left: auto; font-variant-numeric: tabular-nums; color: ${C.downbeat}; }
.vem-stage { display: flex; gap: 10px; flex: 1 1 150px; min-height: 120px; }
.vem-screen { flex: 0 0 44%; position: relative; background: #000; border-radius: 4px;
  overflow: hidden; display: flex; align-items: center; justify-content: center; }
.vem-screen video { width: 100%; height: 100%; object-fit: contain; }
.vem-screen .vem-heard { position: absolute; left: 0; right: 0; bottom: 0; padding: 2px 6px;
  background: #16181dcc; color: ${C.downbeat}; font-size: 12px; }
.vem-shot-editor { flex: 1; min-width: 0; display: flex; flex-direction: column; gap: 5px;
  overflow: auto; }
.vem-shot-editor h4 { margin: 0; font-size: 14px; font-weight: 600; }
.vem-shot-editor input[type=text] { width: 100%; background: ${C.panel}; border-radius: 4px;
  border: 1px solid ${C.grid}; padding: 4px 6px; user-select: text; }
.vem-mood { display: grid; grid-template-columns: 62px 1fr 42px 52px; gap: 6px;
  align-items: center; }
.vem-mood output { text-align: right; font-variant-numeric: tabular-nums; }
.vem-mood.is-auto input, .vem-mood.is-auto output { opacity: 0.6; }
.vem-mood input { width: 100%; min-width: 0; }
.vem-scroll { position: relative; flex: none; height: 170px; overflow-x: auto; overflow-y: hidden;
  background: ${C.panel}; border-radius: 4px; touch-action: none; }
.vem-track { position: relative; height: 156px; min-width: 100%; }
.vem-track canvas { position: absolute; top: 0; pointer-events: none; }
.vem-tl .vem-shot { position: absolute; top: 20px; height: 74px; padding: 0; border: 0;
  border-radius: 0; overflow: hidden; text-align: left; }
.vem-picture { background-repeat: no-repeat; pointer-events: none; }
.vem-shot span { position: absolute; left: 4px; bottom: 3px; padding: 0 4px; border-radius: 3px;
  background: #16181dcc; font-size: 12px; max-width: calc(100% - 8px); overflow: hidden;
  text-overflow: ellipsis; }
.vem-shot.is-selected { box-shadow: inset 0 0 0 2px ${C.text}; }
.vem-transition { position: absolute; top: 0; width: 13px; margin-left: -6.5px; height: 100px;
  cursor: ew-resize; touch-action: none; color: ${C.transition}; }
.vem-transition::before { content: ""; position: absolute; left: 5px; width: 3px; top: 18px;
  bottom: 0; background: currentColor; box-shadow: 0 0 0 1px ${C.background}; }
.vem-transition::after { content: ""; position: absolute; left: 1px; width: 11px; height: 16px;
  top: 84px; border-radius: 3px; background: currentColor; box-shadow: 0 0 0 1px ${C.background}; }
.vem-transition.is-hit { color: ${C.hit}; }
.vem-transition.is-missed { color: ${C.missed}; }
.vem-transition.is-refused { color: ${C.missed}; }
.vem-transition.is-selected::before, .vem-transition.is-selected::after {
  box-shadow: 0 0 0 2px ${C.text}; }
.vem-tl button.vem-star { position: absolute; top: -1px; left: -3px; width: 19px; height: 20px;
  padding: 0; border: 0; background: none; font-size: 16px; line-height: 20px; color: ${C.muted};
  text-align: center; }
.vem-tl button.vem-star[aria-pressed=true] { color: ${C.transition}; }
.vem-playhead { position: absolute; top: 0; width: 1px; height: 156px; background: ${C.text};
  pointer-events: none; }
.vem-words { min-height: 19px; flex: none; color: ${C.downbeat}; overflow: hidden;
  text-overflow: ellipsis; }
.vem-words.is-wrong { color: ${C.missed}; font-weight: 600; }
.vem-table { flex: 1 1 90px; min-height: 60px; overflow: auto; user-select: text; }
.vem-table table { width: 100%; border-collapse: collapse; font-size: 12px; }
.vem-table th { position: sticky; top: 0; background: ${C.background}; text-align: left;
  color: ${C.muted}; font-weight: 500; }
.vem-table td, .vem-table th { padding: 2px 6px; border-bottom: 1px solid ${C.grid}; }
.vem-table tr.is-selected td { background: ${C.panel}; }
.vem-table td.is-own { color: ${C.text}; font-weight: 600; }
.vem-table td.is-name { width: 40%; }
.vem-table .is-number { text-align: right; font-variant-numeric: tabular-nums; }
`;

/** Put the rules into the page, once. */
export function addStyle() {
  if (document.getElementById("vem-tl-style")) return;
  const style = document.createElement("style");
  style.id = "vem-tl-style";
  style.textContent = CSS;
  document.head.append(style);
}

/** An element with properties and children: el("div", {className: "a"}, child, "text"). */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("aria-") || key === "role") element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children);
  return element;
}
