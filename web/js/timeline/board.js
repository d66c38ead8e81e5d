/**
 * The storyboard as the timeline edits it: pure functions on the two texts of the node.
 *
 * saved_json  a whole storyboard; written when transitions move, come or go
 * shot_notes  a line a shot; written when words, mood or a star change
 *
 * The rules are those of vem_core/parsing/edits.py and notes.py; tests hold both sides together.
 * Times are seconds from the first frame. Every refusal is an EditError whose message is a sentence.
 */

export class EditError extends Error {}

const BOUNDARY_KINDS = ["cut", "dissolve", "fade"];
const NEAR_S = 1e-6;
const SHORTEST_S = 1e-3;
const STAR_NEAR_S = 0.05;
const LINE = /^\s*(\d{1,6})\s*[:.)]\s*(.*)$/;
const MOOD = /(valence|arousal)\s*=\s*(\S+)/gi;
const TAG = /#([^\s#*]+)/g;
export const MOOD_RANGE = { valence: [-1, 1], arousal: [0, 1] };

/** The storyboard of a JSON text; only what the timeline relies on is checked. */
export function readBoard(text) {
  let board;
  try {
    board = JSON.parse(text);
  } catch (error) {
    throw new EditError(`saved_json is not valid JSON (${error.message}). Correct or clear it.`);
  }
  if (board === null || typeof board !== "object" || board.schema !== "vem-storyboard") {
    throw new EditError("saved_json is not a storyboard of VeM. Clear it, or paste one.");
  }
  board.transitions ??= [];
  checkBoard(board);
  return board;
}

function checkBoard(board) {
  if (!Array.isArray(board.shots) || board.shots.length === 0) {
    throw new EditError("The storyboard has no shots; it needs at least one. Clear saved_json.");
  }
  let edge = 0;
  board.shots.forEach((shot, index) => {
    if (!(Math.abs(shot.start_s - edge) <= NEAR_S) || !(shot.end_s > shot.start_s)) {
      throw new EditError(
        `Shot ${index + 1} runs from ${shot.start_s} s to ${shot.end_s} s, but what comes before ` +
          `it ends at ${edge} s; shots must follow each other. Correct saved_json.`
      );
    }
    edge = shot.end_s;
  });
  if (!(Math.abs(edge - board.duration_s) <= NEAR_S)) {
    throw new EditError(
      `The last shot ends at ${edge} s, but the clip lasts ${board.duration_s} s. Correct saved_json.`
    );
  }
  board.transitions.forEach((one, index) => {
    const before = index ? board.transitions[index - 1].time_s : -1;
    if (!(one.time_s > before) || one.time_s > board.duration_s) {
      throw new EditError(
        `Transition ${index + 1} at ${one.time_s} s is out of order, or outside of the clip. ` +
          "Correct saved_json."
      );
    }
  });
}

/** JSON laid out as vem_core writes it: one transition a line, a few lines a shot. */
export function writeBoard(board) {
  const dump = (value) => JSON.stringify(value);
  const block = (key, lines) =>
    lines.length ? ` ${dump(key)}: [\n${lines.join(",\n")}\n ]` : ` ${dump(key)}: []`;
  const head = Object.entries(board)
    .filter(([key]) => key !== "transitions" && key !== "shots")
    .map(([key, value]) => ` ${dump(key)}: ${dump(value)}`);
  const shots = board.shots.map(({ start_s, end_s, caption, tags, affect, motion, ...rest }) => {
    const lines = [
      `"start_s": ${dump(start_s)}, "end_s": ${dump(end_s)}`,
      `"caption": ${dump(caption ?? "")}, "tags": ${dump(tags ?? [])}`,
      `"affect": ${dump(affect)}, "motion": ${dump(motion)}`,
      ...Object.entries(rest).map(([key, value]) => `${dump(key)}: ${dump(value)}`),
    ];
    return `  {${lines.join(",\n   ")}}`;
  });
  const transitions = board.transitions.map((one) => `  ${dump(one)}`);
  return `{\n${[...head, block("transitions", transitions), block("shots", shots)].join(",\n")}\n}\n`;
}

/** "30000/1001" or 25 -> frames per second. */
export function framesPerSecond(board) {
  const [over, under = 1] = String(board.fps).split("/").map(Number);
  const fps = over / under;
  return Number.isFinite(fps) && fps > 0 ? fps : 25;
}

/** 83.25 -> "1:23.25"; hours only where there are some. */
export function clock(time_s, digits = 2) {
  const scale = 10 ** digits;
  const total = Math.round(Math.max(0, time_s) * scale) / scale;
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = (total % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return hours
    ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}`
    : `${minutes}:${seconds}`;
}

// ------------------------------------------------------------------------------------- notes

/** Map of shot number -> {words, tags, mood, star}. */
export function readNotes(text, nShots) {
  const notes = new Map();
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (!line.trim()) continue;
    const match = LINE.exec(line);
    if (!match) {
      throw new EditError(
        `The note '${short(line)}' does not begin with the number of a shot. Write it as ` +
          "'3: what is seen'."
      );
    }
    const number = Number(match[1]);
    if (number < 1 || number > nShots) {
      throw new EditError(
        `There is no shot ${number}; the storyboard has shots 1 to ${nShots}. Correct the note ` +
          `'${short(line)}'.`
      );
    }
    if (notes.has(number)) {
      throw new EditError(`Shot ${number} has two notes. Join them in one line.`);
    }
    notes.set(number, readNote(match[2], number));
  }
  return notes;
}

/** What one note says; `number` names its shot in refusals. */
export function readNote(text, number) {
  const trimmed = text.trimEnd();
  const star = trimmed.endsWith("*");
  const said = star ? trimmed.replace(/\*+$/, "") : text;
  const mood = {};
  for (const [, name, value] of said.matchAll(MOOD)) {
    mood[name.toLowerCase()] = readMood(name.toLowerCase(), value, number);
  }
  const tags = [...said.matchAll(TAG)].map((match) => match[1]);
  const words = said.replace(MOOD, " ").replace(TAG, " ").split(/\s+/).filter(Boolean).join(" ");
  return { words, tags, mood, star };
}

function readMood(name, text, number) {
  const plain = text.replace(/[,;.]+$/, "");
  const value = plain === "" ? NaN : Number(plain);
  if (Number.isNaN(value)) {
    throw new EditError(
      `The note on shot ${number} says ${name}=${short(text)}, which is no number. Write it as ` +
        `${name}=0.5.`
    );
  }
  const [low, high] = MOOD_RANGE[name];
  if (value < low || value > high) {
    throw new EditError(
      `The note on shot ${number} says ${name}=${value}; it must lie between ${low} and ${high}.`
    );
  }
  return value;
}

/** A line a shot, in order; shots of which nothing is said have none. */
export function writeNotes(notes) {
  return [...notes.keys()]
    .sort((a, b) => a - b)
    .map((number) => [number, noteText(notes.get(number))])
    .filter(([, text]) => text)
    .map(([number, text]) => `${number}: ${text}`)
    .join("\n");
}

function noteText({ words, tags, mood, star }) {
  const parts = words ? [words] : [];
  parts.push(...tags.map((tag) => `#${tag}`));
  for (const name of ["valence", "arousal"]) {
    if (mood[name] !== undefined) parts.push(`${name}=${mood[name]}`);
  }
  if (star) parts.push("*");
  return parts.join(" ");
}

/** The note with what was typed: words and #tags; moods that were typed win over the sliders. */
export function withWords(note, typed, number) {
  if (/[\r\n]/.test(typed)) {
    throw new EditError(`The note on shot ${number} has several lines; write it in one.`);
  }
  const said = readNote(typed, number);
  return {
    words: said.words,
    tags: said.tags,
    mood: { ...note.mood, ...said.mood },
    star: note.star || said.star,
  };
}

export const emptyNote = () => ({ words: "", tags: [], mood: {}, star: false });

const short = (text) => {
  const plain = text.trim();
  return plain.length <= 40 ? plain : `${plain.slice(0, 37)}...`;
};

// --------------------------------------------------------------------------------- transitions

/** Index of the shot that ends at the transition; -1 where it parts no shots. */
export function edgeOf(board, transition) {
  return board.shots
    .slice(0, -1)
    .findIndex((shot) => Math.abs(shot.end_s - transition.time_s) <= NEAR_S);
}

/** Index of the transition that a star on this shot (from 0) means; -1: none opens it. */
export function openingOf(board, shotIndex) {
  const start_s = board.shots[shotIndex].start_s;
  return board.transitions.findIndex(
    (one) => Math.abs(one.time_s - start_s) <= Math.max(STAR_NEAR_S, (one.duration_s ?? 0) / 2)
  );
}

/** Between which times a transition may move, in seconds. */
export function roomOf(board, index) {
  const { transitions } = board;
  let low_s = index ? transitions[index - 1].time_s : 0;
  let high_s = index < transitions.length - 1 ? transitions[index + 1].time_s : board.duration_s;
  const edge = edgeOf(board, transitions[index]);
  if (edge >= 0) {
    low_s = Math.max(low_s, board.shots[edge].start_s);
    high_s = Math.min(high_s, board.shots[edge + 1].end_s);
  }
  return [low_s, high_s];
}

function checkInside(time_s, low_s, high_s) {
  if (!(time_s >= low_s + SHORTEST_S && time_s <= high_s - SHORTEST_S)) {
    throw new EditError(
      `A transition at ${clock(time_s)} leaves no room between ${clock(low_s)} and ` +
        `${clock(high_s)}, where its neighbours are. Choose a time between them.`
    );
  }
}

export function moveTransition(board, index, time_s) {
  checkInside(time_s, ...roomOf(board, index));
  const edge = edgeOf(board, board.transitions[index]);
  const transitions = board.transitions.with(index, { ...board.transitions[index], time_s });
  const shots = [...board.shots];
  if (edge >= 0) {
    shots[edge] = withTimes(shots[edge], shots[edge].start_s, time_s);
    shots[edge + 1] = withTimes(shots[edge + 1], time_s, shots[edge + 1].end_s);
  }
  return { ...board, transitions, shots };
}

export function addTransition(board, time_s) {
  const taken = board.transitions.some((one) => Math.abs(one.time_s - time_s) < SHORTEST_S);
  if (taken) {
    throw new EditError(
      `There is a transition at ${clock(time_s)} already. Move the playhead to another time.`
    );
  }
  const index = shotAt(board, time_s);
  const shot = board.shots[index];
  checkInside(time_s, shot.start_s, shot.end_s);
  const shots = [...board.shots];
  shots.splice(
    index,
    1,
    withTimes(shot, shot.start_s, time_s),
    withTimes(shot, time_s, shot.end_s)
  );
  const one = { time_s, kind: "cut", duration_s: 0, strength: 1, starred: false };
  const transitions = [...board.transitions, one].sort((a, b) => a.time_s - b.time_s);
  return { ...board, shots, transitions };
}

export function removeTransition(board, index) {
  const edge = edgeOf(board, board.transitions[index]);
  const shots = [...board.shots];
  if (edge >= 0) shots.splice(edge, 2, merged(shots[edge], shots[edge + 1]));
  return { ...board, shots, transitions: board.transitions.toSpliced(index, 1) };
}

export function starTransition(board, index, starred) {
  const one = { ...board.transitions[index], starred };
  return { ...board, transitions: board.transitions.with(index, one) };
}

export function shotAt(board, time_s) {
  const index = board.shots.findIndex((shot) => time_s < shot.end_s);
  return index < 0 ? board.shots.length - 1 : index;
}

function withTimes(shot, start_s, end_s) {
  const inside = shot.picture.keyframe_s >= start_s && shot.picture.keyframe_s < end_s;
  const keyframe_s = inside ? shot.picture.keyframe_s : (start_s + end_s) / 2;
  return { ...shot, start_s, end_s, picture: { ...shot.picture, keyframe_s } };
}

function merged(a, b) {
  const share = (b.end_s - b.start_s) / (a.end_s - a.start_s + b.end_s - b.start_s);
  const mean = (x, y) => x + share * (y - x);
  const longer = share < 0.5 ? a : b;
  const picture = { keyframe_s: longer.picture.keyframe_s };
  for (const name of ["brightness", "saturation", "contrast", "warmth"]) {
    picture[name] = mean(a.picture[name], b.picture[name]);
  }
  const n = Math.min(a.picture.hues.length, b.picture.hues.length);
  picture.hues = a.picture.hues.slice(0, n).map((x, i) => mean(x, b.picture.hues[i]));
  return {
    start_s: a.start_s,
    end_s: b.end_s,
    caption: unique([a.caption, b.caption]).join("; "),
    tags: unique([...(a.tags ?? []), ...(b.tags ?? [])]),
    affect: {
      valence: mean(a.affect.valence, b.affect.valence),
      arousal: mean(a.affect.arousal, b.affect.arousal),
    },
    motion: {
      mean: mean(a.motion.mean, b.motion.mean),
      peak: Math.max(a.motion.peak, b.motion.peak),
    },
    picture,
  };
}

const unique = (items) => [...new Set(items.filter(Boolean))];

// ---------------------------------------------------------- notes when shots come, go and merge

/** Shot `index` (from 0) became two: both keep its words and mood, the first its star. */
export function notesAfterSplit(notes, index) {
  const number = index + 1;
  const after = new Map();
  for (const [key, note] of notes) after.set(key > number ? key + 1 : key, note);
  const split = notes.get(number);
  if (split) after.set(number + 1, { ...split, star: false });
  return after;
}

/** Shots `index` and the next (from 0) became one; `share` is the second's share of both. */
export function notesAfterMerge(notes, index, share) {
  const number = index + 1;
  const [a, b] = [notes.get(number), notes.get(number + 1)];
  const after = new Map();
  for (const [key, note] of notes) {
    if (key < number) after.set(key, note);
    if (key > number + 1) after.set(key - 1, note);
  }
  if (!a && !b) return after;
  const [one, two] = [a ?? emptyNote(), b ?? emptyNote()];
  const mood = { ...two.mood, ...one.mood };
  for (const name of Object.keys(mood)) {
    if (one.mood[name] === undefined || two.mood[name] === undefined) continue;
    const value = one.mood[name] + share * (two.mood[name] - one.mood[name]);
    mood[name] = Math.round(value * 100) / 100;
  }
  after.set(number, {
    words: unique([one.words, two.words]).join("; "),
    tags: unique([...one.tags, ...two.tags]),
    mood,
    star: one.star,
  });
  return after;
}
