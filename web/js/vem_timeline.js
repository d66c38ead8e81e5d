/**
 * The timeline on the Storyboard node. What it edits is the text of the node's saved_json and
 * shot_notes widgets and nothing else: a workflow carries the edits, and runs without this file.
 */

import { api } from "../../../scripts/api.js";
import { app } from "../../../scripts/app.js";
import { namedFile, nodesAbove, nodesBelow, viewUrl } from "./timeline/graph.js";
import { TimelineView } from "./timeline/view.js";

const BOARD = "VeM_Storyboard";
const LOADERS = ["VeM_LoadVideo", "LoadVideo"];
const WIDGET = "timeline";
const HEIGHT = 560;
const WIDTH = 760;
const LOADED_MS = 300;

/** What nodes told when they last ran; by workflow and id, as an undo makes all nodes anew. */
const told = new Map();
const views = new Map();

function keyOf(node) {
  return `${app.extensionManager?.workflow?.activeWorkflow?.path} ${node.id}`;
}

function widgetOf(node, name) {
  return node.widgets?.find((widget) => widget.name === name);
}

/** The two texts of a Storyboard node, through its widgets. */
function textsOf(node) {
  return {
    read: () => ({
      saved_json: String(widgetOf(node, "saved_json")?.value ?? ""),
      shot_notes: String(widgetOf(node, "shot_notes")?.value ?? ""),
    }),
    write: (texts) => {
      for (const [name, value] of Object.entries(texts)) {
        const widget = widgetOf(node, name);
        if (!widget || widget.value === value) continue;
        widget.value = value;
        widget.callback?.(value);
      }
      node.graph?.change?.();
      app.extensionManager?.workflow?.activeWorkflow?.changeTracker?.checkState?.();
    },
  };
}

function surroundings(node) {
  const above = nodesAbove(node);
  const below = nodesBelow(node);
  const first = (nodes, key) => nodes.map((one) => told.get(keyOf(one))?.[key]).find(Boolean);
  const keyframes = first(above, "vem_keyframes")?.[0];
  return {
    sheet: keyframes ? { ...keyframes, url: viewUrl(api, keyframes) } : null,
    plan: first([...below, ...above], "vem_plan")?.[0] ?? null,
    film: filmOf(below) ?? videoOf(above),
  };
}

/** The film with the music of the last run. */
function filmOf(below) {
  for (const node of below.filter((one) => one.type === "VeM_MuxVideo")) {
    const file = told.get(keyOf(node))?.images?.[0];
    if (file) return { url: viewUrl(api, file), offset_s: 0, words: "with the music of the last run" };
  }
  return null;
}

/** The video as it was loaded, from where it is cut. */
function videoOf(above) {
  const loader = above.find((one) => LOADERS.includes(one.type));
  const name = loader && widgetOf(loader, "file")?.value;
  if (typeof name !== "string" || !name) return null;
  const offset_s = Number(widgetOf(loader, "start_s")?.value ?? 0);
  return { url: viewUrl(api, namedFile(name)), offset_s, words: "with the video's own sound" };
}

function addTimeline(node) {
  const view = new TimelineView(textsOf(node));
  const widget = node.addDOMWidget(WIDGET, "vem_timeline", view.element, {
    serialize: false,
    hideOnZoom: false,
    getMinHeight: () => HEIGHT,
    getValue: () => "",
    setValue: () => {},
  });
  widget.serialize = false;
  views.set(node, view);
  const removed = node.onRemoved;
  node.onRemoved = function (...rest) {
    view.player.stop();
    views.delete(node);
    return removed?.apply(this, rest);
  };
  const [width, height] = node.size;
  node.setSize([Math.max(width, WIDTH), Math.max(height, node.computeSize()[1])]);
}

/** Show a Storyboard node's view what the node told when it last ran, if it did. */
function tell(node) {
  const output = told.get(keyOf(node));
  if (!output?.vem_storyboard) return;
  views.get(node)?.told({ json: output.vem_storyboard[0], moods: output.vem_moods[0] });
}

function refreshAll() {
  for (const [node, view] of views) view.setSurroundings(surroundings(node));
}

/** Texts are looked at twice a second: any of many hands may write into the widgets. */
function watchTexts() {
  setInterval(() => {
    for (const view of views.values()) if (view.element.isConnected) view.checkTexts();
  }, 500);
}

function listen(nodeType) {
  const onExecuted = nodeType.prototype.onExecuted;
  nodeType.prototype.onExecuted = function (output) {
    onExecuted?.apply(this, arguments);
    told.set(keyOf(this), output);
    if (views.has(this)) tell(this);
    refreshAll();
  };
}

app.registerExtension({
  name: "vem.timeline",
  setup: watchTexts,
  beforeRegisterNodeDef(nodeType, nodeData) {
    if (nodeData.name.startsWith("VeM_")) listen(nodeType);
  },
  nodeCreated(node) {
    if (node.comfyClass === BOARD) addTimeline(node);
  },
  loadedGraphNode(node) {
    if (node.comfyClass !== BOARD) return;
    // only after the load does the page say which workflow this is
    setTimeout(() => {
      tell(node);
      refreshAll();
    }, LOADED_MS);
  },
});
