/** The timeline as a whole: buttons, picture, shot editor, strip, table, and one line of words. */

import * as B from "./board.js";
import { Player } from "./player.js";
import { Session } from "./session.js";
import { addStyle, el } from "./style.js";
import { Track } from "./track.js";

const EMPTY = "Press Run: the shots of the video then stand here, to be moved, starred and described.";

export class TimelineView {
  /** `texts`: see session.js. The element is `this.element`. */
  constructor(texts) {
    addStyle();
    this.session = new Session(texts);
    this.selected = { kind: "shot", index: 0 };
    this.playhead_s = 0;
    this.words = el("div", { className: "vem-words", role: "status", "aria-live": "polite" });
    this.bar = this._makeBar();
    this.player = new Player(this);
    this.track = new Track(this);
    this.editor = el("div", { className: "vem-shot-editor" });
    this.table = el("div", { className: "vem-table", tabIndex: 0, "aria-label": "Table of shots" });
    const stage = el("div", { className: "vem-stage" }, this.player.element, this.editor);
    this.element = el("div", { className: "vem-tl", role: "application", tabIndex: -1 });
    this.element.setAttribute("aria-label", "Storyboard timeline");
    this.element.append(this.bar, stage, this.track.element, this.words, this.table);
    this._keepEvents();
    this.render();
  }

  _makeBar() {
    const button = (name, text, title, onclick) =>
      (this[name] = el("button", { type: "button", title, onclick }, text));
    this.clock = el("span", { className: "vem-clock" });
    return el(
      "div",
      { className: "vem-bar", role: "toolbar", "aria-label": "Edit the storyboard" },
      button("playButton", "▶ Loop", "Loop the selected shot, with the music (Space)", () =>
        this.player.toggle()
      ),
      button("addButton", "+ Cut", "A cut at the playhead (N)", () => this.add(this.playhead_s)),
      button("removeButton", "− Remove", "Remove the selected transition (Delete)", () =>
        this.remove()
      ),
      button("starButton", "★ Hit", "The music must hit the selected transition (S)", () =>
        this.star()
      ),
      button("undoButton", "↶", "Undo", () => this.attempt((s) => s.undo())),
      button("redoButton", "↷", "Redo", () => this.attempt((s) => s.redo())),
      button("dropButton", "Start over", "Drop all edits and notes (can be undone)", () =>
        this.attempt((s) => s.dropEdits())
      ),
      button("widerButton", "⊖", "Show more time (−)", () =>
        this.track.setZoom(this.track.zoom / 1.6)
      ),
      button("closerButton", "⊕", "Show less time (+)", () =>
        this.track.setZoom(this.track.zoom * 1.6)
      ),
      this.clock
    );
  }

  /** Nothing that happens in here may drag, delete or zoom nodes of the graph. */
  _keepEvents() {
    for (const kind of ["pointerdown", "mousedown", "dblclick", "contextmenu", "copy", "paste"]) {
      this.element.addEventListener(kind, (event) => event.stopPropagation());
    }
    for (const kind of ["keyup", "keypress"]) {
      this.element.addEventListener(kind, (event) => event.stopPropagation());
    }
    this.element.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey) return; // undo is the page's, whose history has every edit
      event.stopPropagation();
      if (this._key(event)) event.preventDefault();
    });
  }

  // ------------------------------------------------------------------------- called by the page

  told(ui) {
    try {
      this.session.told(ui);
    } catch (error) {
      if (!(error instanceof B.EditError)) throw error;
      this.say(error.message, true);
    }
    this.render();
  }

  /** What other nodes of the graph told: keyframes, beats, the film. */
  setSurroundings({ sheet, plan, film }) {
    this.session.sheet = sheet;
    this.session.plan = plan;
    this.session.refresh();
    this.player.setFilm(film);
    this.render();
  }

  /** The widgets may have been changed by hand or by loading a workflow. */
  checkTexts() {
    if (!this.session.isStale) return;
    this.session.refresh();
    this.render();
  }

  // ------------------------------------------------------------------------------------ actions

  /** Try an edit; a refusal is said in words and changes nothing. */
  attempt(edit) {
    try {
      edit(this.session);
      this.say("");
    } catch (error) {
      if (!(error instanceof B.EditError)) throw error;
      this.say(error.message, true);
    }
    this.render();
  }

  add(time_s) {
    const { board } = this.session;
    if (!board) return;
    const fps = B.framesPerSecond(board);
    this.attempt((session) => session.add(Math.round(time_s * fps) / fps));
  }

  remove() {
    const index = this._selectedTransition();
    if (index !== null) this.attempt((session) => session.remove(index));
  }

  star() {
    const index = this._selectedTransition();
    if (index !== null) this.attempt((session) => session.toggleStar(index));
  }

  /** The selected transition, or the one that opens the selected shot. */
  _selectedTransition() {
    const { board } = this.session;
    if (!board) return null;
    if (this.selected.kind === "transition") return this.selected.index;
    const index = B.openingOf(board, this.selected.index);
    if (index >= 0) return index;
    this.say(`No transition opens shot ${this.selected.index + 1}. Choose another.`, true);
    return null;
  }

  select(selected, { quietly = false } = {}) {
    const isSame = selected.kind === this.selected.kind && selected.index === this.selected.index;
    this.selected = selected;
    if (!quietly) this.say("");
    if (!isSame) this.render();
  }

  seek(time_s) {
    this.playhead_s = time_s;
    this.show(time_s);
    this.track.movePlayhead();
    this._showClock();
  }

  show(time_s) {
    this.player.show(time_s);
  }

  played(time_s) {
    this.playhead_s = time_s;
    this.track.movePlayhead();
    this._showClock();
  }

  say(words, isWrong = false) {
    this.said = { words, isWrong };
    this._renderWords();
  }

  // ----------------------------------------------------------------------------------- keyboard

  /** Whether the key meant something here. */
  _key(event) {
    const isTyping = event.target.matches("input[type=text]");
    if (isTyping) {
      if (event.key === "Enter" || event.key === "Escape") this._leaveEditor();
      return false;
    }
    if (event.target.matches("input")) return false;
    const mark = event.target.closest(".vem-transition");
    if (mark) this.selected = { kind: "transition", index: Number(mark.dataset.index) };
    if (event.key === " " && event.target.matches(".vem-bar button")) return false;
    const actions = {
      " ": () => this.player.toggle(),
      n: () => this.add(this.playhead_s),
      s: () => this.star(),
      Delete: () => this.remove(),
      Backspace: () => this.remove(),
      "+": () => this.track.setZoom(this.track.zoom * 1.6),
      "-": () => this.track.setZoom(this.track.zoom / 1.6),
      ArrowLeft: () => this._arrow(-1, event.shiftKey),
      ArrowRight: () => this._arrow(1, event.shiftKey),
    };
    const action = actions[event.key];
    return action ? this._did(action) : false;
  }

  _did(action) {
    action();
    return true;
  }

  /** A transition moves by a frame (with Shift by ten); else the next shot is selected. */
  _arrow(step, isFar) {
    const { board } = this.session;
    if (!board) return;
    const { kind, index } = this.selected;
    if (kind === "transition" && board.transitions[index]) {
      const fps = B.framesPerSecond(board);
      const frame = Math.round(board.transitions[index].time_s * fps) + step * (isFar ? 10 : 1);
      this.attempt((session) => session.move(index, frame / fps));
      return;
    }
    const next = Math.min(Math.max(index + step, 0), board.shots.length - 1);
    this.select({ kind: "shot", index: next });
    this.seek(board.shots[next].start_s);
  }

  // ---------------------------------------------------------------------------------- rendering

  render() {
    this._keepSelection();
    this.track.render();
    this._renderEditor();
    this._renderTable();
    this.renderButtons();
    this._renderWords();
    this._showClock();
  }

  _keepSelection() {
    const { board } = this.session;
    if (!board) return;
    const list = this.selected.kind === "shot" ? board.shots : board.transitions;
    if (this.selected.index >= list.length) {
      this.selected = { kind: "shot", index: Math.min(this.selected.index, board.shots.length - 1) };
    }
    this.playhead_s = Math.min(this.playhead_s, board.duration_s);
  }

  renderButtons() {
    const { board, problem, done, undone } = this.session;
    const cannot = !board || Boolean(problem);
    this.playButton.textContent = this.player?.isPlaying ? "■ Stop" : "▶ Loop";
    this.playButton.disabled = !board;
    for (const button of [this.addButton, this.removeButton, this.starButton]) {
      button.disabled = cannot;
    }
    this.undoButton.disabled = !done.length;
    this.redoButton.disabled = !undone.length;
    const { saved_json, shot_notes } = this.session.texts.read();
    this.dropButton.disabled = !saved_json.trim() && !shot_notes.trim();
  }

  _renderWords() {
    const { problem, board } = this.session;
    const said = this.said?.words ? this.said : null;
    const shown = said ?? { words: problem || (board ? "" : EMPTY), isWrong: Boolean(problem) };
    this.words.textContent = shown.words;
    this.words.title = shown.words;
    this.words.classList.toggle("is-wrong", shown.isWrong);
  }

  _showClock() {
    const { board } = this.session;
    this.clock.textContent = board
      ? `${B.clock(this.playhead_s)} / ${B.clock(board.duration_s)}`
      : "";
  }

  /** The shot of the selection: its own, or the one after the selected transition. */
  get shotIndex() {
    const { board } = this.session;
    if (this.selected.kind === "shot") return this.selected.index;
    return B.shotAt(board, board.transitions[this.selected.index].time_s);
  }

  _renderEditor() {
    const { session } = this;
    if (!session.board || this.editor.contains(document.activeElement)) return;
    const index = this.shotIndex;
    const shot = session.board.shots[index];
    const words = el("input", {
      type: "text",
      value: session.wordsOf(index),
      placeholder: "What happens: the chase begins #night",
      disabled: Boolean(session.problem),
      onchange: () => this.attempt((s) => s.setWords(index, words.value)),
      onblur: () => setTimeout(() => this._renderEditor()),
    });
    words.setAttribute("aria-label", `Note on shot ${index + 1}`);
    const span = `${B.clock(shot.start_s)} – ${B.clock(shot.end_s)}`;
    this.editor.replaceChildren(
      el("h4", {}, `Shot ${index + 1} · ${span}`),
      words,
      this._mood(index, "arousal", "calm … intense"),
      this._mood(index, "valence", "gloomy … happy")
    );
  }

  /** Keys go on to the timeline: in the page they would act on the node. */
  _leaveEditor() {
    this.element.focus({ preventScroll: true });
    this._renderEditor();
  }

  _mood(index, name, title) {
    const { value, own } = this.session.moodOf(index, name);
    const [min, max] = B.MOOD_RANGE[name];
    const shown = el("output", {}, value.toFixed(2));
    const slider = el("input", {
      type: "range", min, max, step: 0.05, title,
      "aria-label": `${name} of shot ${index + 1}, ${title}`,
      disabled: Boolean(this.session.problem),
      oninput: () => (shown.textContent = Number(slider.value).toFixed(2)),
      onchange: () => {
        this.attempt((s) => s.setMood(index, name, Number(slider.value)));
        this._leaveEditor();
      },
    });
    slider.value = value;
    const reset = el("button", {
      type: "button",
      disabled: !own,
      title: own ? "Let picture and words decide again" : "Picture and words decide",
      onclick: () => {
        this.attempt((s) => s.setMood(index, name, null));
        this._leaveEditor();
      },
    }, "auto");
    const className = own ? "vem-mood" : "vem-mood is-auto";
    return el("div", { className }, el("span", {}, name), slider, shown, reset);
  }

  _renderTable() {
    const { board } = this.session;
    if (!board) return this.table.replaceChildren();
    const head = ["shot", "start", "length", "arousal", "valence", "hit", "what happens"];
    const rows = board.shots.map((shot, index) => this._row(shot, index));
    const isNumber = (column) => column < 5;
    const cells = head.map((text, column) =>
      el("th", { className: isNumber(column) ? "is-number" : "" }, text)
    );
    const top = this.table.scrollTop;
    this.table.replaceChildren(
      el("table", {}, el("thead", {}, el("tr", {}, ...cells)), el("tbody", {}, ...rows))
    );
    this.table.scrollTop = top;
  }

  _row(shot, index) {
    const { session } = this;
    const opening = B.openingOf(session.board, index);
    const one = session.board.transitions[opening];
    const star = one && session.isStarred(opening) ? "★ " : "";
    const mood = (name) => {
      const { value, own } = session.moodOf(index, name);
      return el("td", { className: own ? "is-number is-own" : "is-number" }, value.toFixed(2));
    };
    const number = (text) => el("td", { className: "is-number" }, text);
    return el(
      "tr",
      {
        className: this.shotIndex === index ? "is-selected" : "",
        onclick: () => this.select({ kind: "shot", index }),
      },
      number(String(index + 1)),
      number(B.clock(shot.start_s)),
      number(`${(shot.end_s - shot.start_s).toFixed(2)} s`),
      mood("arousal"),
      mood("valence"),
      el("td", {}, one ? `${star}${session.metOf(one.time_s)}` : ""),
      el("td", { className: "is-name" }, session.wordsOf(index))
    );
  }
}
