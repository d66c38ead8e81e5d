/** What stands around a Storyboard node: the video above it, the plan and the film below it. */

/** Nodes that `node` gets its inputs from, nearest first. */
export function nodesAbove(node) {
  return walk(node, (one) =>
    (one.inputs ?? []).map((input) => linkOf(one.graph, input.link)?.origin_id)
  );
}

/** Nodes that hang on `node`'s outputs, nearest first. */
export function nodesBelow(node) {
  return walk(node, (one) =>
    (one.outputs ?? []).flatMap((output) =>
      (output.links ?? []).map((link) => linkOf(one.graph, link)?.target_id)
    )
  );
}

function walk(node, neighbours) {
  const seen = new Set([node.id]);
  const found = [];
  let wave = [node];
  while (wave.length) {
    const next = [];
    for (const one of wave) {
      for (const id of neighbours(one)) {
        const other = id === undefined || seen.has(id) ? null : node.graph?.getNodeById(id);
        if (!other) continue;
        seen.add(id);
        found.push(other);
        next.push(other);
      }
    }
    wave = next;
  }
  return found;
}

function linkOf(graph, id) {
  if (id === null || id === undefined || !graph) return undefined;
  return graph.getLink ? graph.getLink(id) : graph.links[id];
}

/** Where a file of the server's folders is served. */
export function viewUrl(api, { filename, subfolder = "", type = "input" }) {
  const query = new URLSearchParams({ filename, subfolder, type });
  return api.apiURL(`/view?${query}`);
}

/** The file that a loader's widget names, "folder/clip.mp4 [output]", for viewUrl. */
export function namedFile(name) {
  const match = /^(.*?)(?: \[(input|output|temp)\])?$/.exec(name);
  const cut = match[1].lastIndexOf("/");
  return {
    filename: match[1].slice(cut + 1),
    subfolder: cut < 0 ? "" : match[1].slice(0, cut),
    type: match[2] ?? "input",
  };
}
