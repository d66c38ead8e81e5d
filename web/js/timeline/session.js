/**
 * One timeline's state: the two texts it edits, what the last run told, undo and redo.
 *
 * `texts` is where the two widgets are read and written: {read(): Texts, write(Texts)} with
 * Texts = {saved_json, shot_notes}. Nothing else of the graph is ever changed.
 */

import * as B from "./board.js";

const MOST_UNDO = 200;

export class Session {
  constructor(texts) {
    this.texts = texts;
    this.run = null; // what the last run of the node told: {board, moods}
    this.plan = null; // of the last run: {beats_s, downbeats, hits, misses}
    this.sheet = null; // keyframes: {url, cell, columns, rows, times_s, duration_s}
    this.undone = [];
    this.done = [];
    this.refresh();
  }

  /** Read the widgets again; `problem` says in words why nothing can be edited. */
  refresh() {
    const texts = this.texts.read();
    this.seen = texts;
    this.problem = "";
    this.notes = new Map();
    this.board = this.run?.board ?? null;
    try {
      if (texts.saved_json.trim()) this.board = B.readBoard(texts.saved_json);
      if (this.board) this.notes = B.readNotes(texts.shot_notes, this.board.shots.length);
    } catch (error) {
      if (!(error instanceof B.EditError)) throw error;
      this.problem = error.message;
    }
    this.problem ||= this._otherClip();
  }

  /** The sentence for saved edits of another film; empty where they fit. */
  _otherClip() {
    const clip_s = this.sheet?.duration_s;
    if (!this.board || clip_s === undefined) return "";
    if (Math.abs(this.board.duration_s - clip_s) <= 0.5) return "";
    return (
      `The edited storyboard lasts ${B.clock(this.board.duration_s)}, but the connected clip ` +
      `${B.clock(clip_s)}. Press "Start over", or load the video that the edits belong to.`
    );
  }

  /** Whether somebody else wrote into the widgets since they were read. */
  get isStale() {
    const texts = this.texts.read();
    return (
      texts.saved_json !== this.seen.saved_json || texts.shot_notes !== this.seen.shot_notes
    );
  }

  told({ json, moods }) {
    this.run = { board: B.readBoard(json), moods };
    this.refresh();
  }

  /** Change the texts; `change` gets and returns {board, notes}. Refusals leave all as it was. */
  edit(change) {
    if (this.isStale) this.refresh();
    if (this.problem) throw new B.EditError(this.problem);
    if (!this.board) throw new B.EditError("There is no storyboard yet. Press Run first.");
    const before = this.texts.read();
    const { board = this.board, notes = this.notes } = change(this);
    this._write({
      saved_json: board === this.board ? before.saved_json : B.writeBoard(board),
      shot_notes: notes === this.notes ? before.shot_notes : B.writeNotes(notes),
    });
  }

  /** Forget what was edited: the storyboard is that of the connected clip again. */
  dropEdits() {
    this._write({ saved_json: "", shot_notes: "" });
  }

  _write(texts) {
    const before = this.texts.read();
    if (texts.saved_json === before.saved_json && texts.shot_notes === before.shot_notes) return;
    this.done.push(before);
    if (this.done.length > MOST_UNDO) this.done.shift();
    this.undone = [];
    this.texts.write(texts);
    this.refresh();
  }

  undo() {
    this._step(this.done, this.undone, "There is nothing to undo.");
  }

  redo() {
    this._step(this.undone, this.done, "There is nothing to redo.");
  }

  _step(from, to, refusal) {
    if (!from.length) throw new B.EditError(refusal);
    to.push(this.texts.read());
    this.texts.write(from.pop());
    this.refresh();
  }

  // ------------------------------------------------------------------------------------- edits

  move(index, time_s) {
    this.edit(({ board }) => ({ board: B.moveTransition(board, index, time_s) }));
  }

  add(time_s) {
    this.edit(({ board, notes }) => ({
      board: B.addTransition(board, time_s),
      notes: notes.size ? B.notesAfterSplit(notes, B.shotAt(board, time_s)) : notes,
    }));
  }

  remove(index) {
    this.edit(({ board, notes }) => {
      const edge = B.edgeOf(board, board.transitions[index]);
      const after = B.removeTransition(board, index);
      if (edge < 0 || !notes.size) return { board: after };
      const [a, b] = [board.shots[edge], board.shots[edge + 1]];
      const share = (b.end_s - b.start_s) / (b.end_s - a.start_s);
      return { board: after, notes: B.notesAfterMerge(notes, edge, share) };
    });
  }

  isStarred(index) {
    return Boolean(this.board.transitions[index].starred) || this._starNotes(index).length > 0;
  }

  /** Numbers of the shots whose note stars transition `index`. */
  _starNotes(index) {
    return [...this.notes]
      .filter(([number, note]) => note.star && B.openingOf(this.board, number - 1) === index)
      .map(([number]) => number);
  }

  /** A star is a mark in a note where a shot begins there, else a field of the transition. */
  toggleStar(index) {
    this.edit(({ board, notes }) => {
      const after = new Map(notes);
      if (this.isStarred(index)) {
        const numbers = this._starNotes(index);
        for (const number of numbers) after.set(number, { ...notes.get(number), star: false });
        const inBoard = board.transitions[index].starred;
        return {
          board: inBoard ? B.starTransition(board, index, false) : board,
          notes: numbers.length ? after : notes,
        };
      }
      const shot = board.shots.findIndex((_, i) => B.openingOf(board, i) === index);
      if (shot < 0) return { board: B.starTransition(board, index, true) };
      after.set(shot + 1, { ...(notes.get(shot + 1) ?? B.emptyNote()), star: true });
      return { notes: after };
    });
  }

  setWords(shot, typed) {
    this._setNote(shot, (note) => B.withWords(note, typed, shot + 1));
  }

  /** `value` null: the mood follows from the picture and the words again. */
  setMood(shot, name, value) {
    this._setNote(shot, (note) => {
      const mood = { ...note.mood };
      if (value === null) delete mood[name];
      else mood[name] = value;
      return { ...note, mood };
    });
  }

  _setNote(shot, change) {
    this.edit(({ board, notes }) => {
      const after = new Map(notes);
      const note = change(notes.get(shot + 1) ?? B.emptyNote());
      if (note.star && B.openingOf(board, shot) < 0) {
        throw new B.EditError(
          `Shot ${shot + 1} is starred, but no transition opens it, so there is nothing to hit ` +
            "there. Take the star away, or star another shot."
        );
      }
      after.set(shot + 1, note);
      return { notes: after };
    });
  }

  // --------------------------------------------------------------------------------- what shows

  /** Words and #tags of a shot: those of its note, else of the storyboard. */
  wordsOf(shot) {
    const note = this.notes.get(shot + 1) ?? B.emptyNote();
    const { caption, tags } = this.board.shots[shot];
    const words = note.words || caption || "";
    const shown = note.tags.length ? note.tags : (tags ?? []);
    return [words, ...shown.map((tag) => `#${tag}`)].filter(Boolean).join(" ");
  }

  /** {value, own}: `own` where the creator set it; else what the last run gave the shot. */
  moodOf(shot, name) {
    const own = this.notes.get(shot + 1)?.mood[name];
    if (own !== undefined) return { value: own, own: true };
    const isSame = this.run?.board.shots.length === this.board.shots.length;
    const run = isSame ? this.run.moods?.[shot] : undefined;
    const value = run ? run[name === "valence" ? 0 : 1] : this.board.shots[shot].affect[name];
    return { value, own: false };
  }

  /** "hit", "missed", or "" where the last plan knows nothing of this time. */
  metOf(time_s) {
    const isAt = (one) => Math.abs(one.transition_s - time_s) < 1e-3;
    if (this.plan?.hits.some(isAt)) return "hit";
    return this.plan?.misses.some(isAt) ? "missed" : "";
  }

  /** Cell of the keyframe sheet nearest to `time_s`; null: no pictures yet. */
  cellAt(time_s) {
    if (!this.sheet?.times_s.length) return null;
    const { times_s, columns } = this.sheet;
    let best = 0;
    times_s.forEach((t, i) => {
      if (Math.abs(t - time_s) < Math.abs(times_s[best] - time_s)) best = i;
    });
    return { column: best % columns, row: Math.floor(best / columns) };
  }
}
