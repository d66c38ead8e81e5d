/** The strip itself: ruler and beats on a canvas, shots and transitions as elements over it. */

import * as B from "./board.js";
import { COLOURS, SHOT_FILLS, el } from "./style.js";

const SHOT_HEIGHT = 74;
const MOOD_TOP = 100;
const MOOD_HEIGHT = 36;
const RULER_TOP = 140;
const HEIGHT = 156;
const STAR_ROOM_PX = 20;
const LARGEST_ZOOM_PX_PER_S = 400;
const TICKS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

export class Track {
  /** `owner` has session, selected, playhead_s, and select, seek, say, attempt (see view.js). */
  constructor(owner) {
    this.owner = owner;
    this.zoom = 1;
    this.drag = null;
    this.canvas = el("canvas");
    this.shots = el("div", { role: "listbox", "aria-label": "Shots" });
    this.marks = el("div", { role: "group", "aria-label": "Transitions" });
    this.playhead = el("div", { className: "vem-playhead" });
    this.strip = el("div", { className: "vem-track" });
    this.strip.append(this.canvas, this.shots, this.marks, this.playhead);
    this.element = el("div", { className: "vem-scroll" }, this.strip);
    this.element.addEventListener("scroll", () => this.render());
    this.element.addEventListener("wheel", (event) => this._wheel(event), { passive: false });
    this.strip.addEventListener("pointerdown", (event) => this._seek(event));
    this.strip.addEventListener("mousedown", (event) => this._pressed(event));
    this.observer = new ResizeObserver(() => this.render());
    this.observer.observe(this.element);
  }

  get board() {
    return this.owner.session.board;
  }

  get width() {
    return Math.max(1, this.element.clientWidth) * this.zoom;
  }

  x(time_s) {
    return (time_s / this.board.duration_s) * this.width;
  }

  /** Seconds under a pointer event, wherever the page or the graph is zoomed. */
  timeOf(event) {
    const box = this.strip.getBoundingClientRect();
    const share = (event.clientX - box.left) / Math.max(1, box.width);
    return Math.min(Math.max(share, 0), 1) * this.board.duration_s;
  }

  setZoom(zoom) {
    if (!this.board) return;
    const view = Math.max(1, this.element.clientWidth);
    const largest = Math.max(1, (LARGEST_ZOOM_PX_PER_S * this.board.duration_s) / view);
    const middle_s = this.owner.playhead_s;
    this.zoom = Math.min(Math.max(zoom, 1), largest);
    this.strip.style.width = `${this.width}px`;
    this.element.scrollLeft = this.x(middle_s) - view / 2;
    this.render();
  }

  _wheel(event) {
    if (!this.board || !(event.ctrlKey || event.shiftKey)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.ctrlKey) this.setZoom(this.zoom * (event.deltaY < 0 ? 1.25 : 0.8));
    else this.element.scrollLeft += event.deltaY;
  }

  _seek(event) {
    if (!this.board || event.button !== 0 || event.target.closest(".vem-transition")) return;
    this.owner.seek(this.timeOf(event));
  }

  /** A double click adds a cut; at its second press, as the first may make the shots anew. */
  _pressed(event) {
    if (!this.board || event.detail !== 2 || event.button !== 0) return;
    if (!event.target.closest(".vem-transition")) this.owner.add(this.timeOf(event));
  }

  render() {
    if (!this.board || !this.element.clientWidth) {
      this.shots.replaceChildren();
      this.marks.replaceChildren();
      return;
    }
    this.strip.style.width = `${this.width}px`;
    const left_s = (this.element.scrollLeft / this.width) * this.board.duration_s;
    const right_s = left_s + this.board.duration_s / this.zoom;
    this._drawCanvas(left_s, right_s);
    this._placeShots(left_s, right_s);
    this._placeTransitions(left_s, right_s);
    this.movePlayhead();
  }

  movePlayhead() {
    if (this.board) this.playhead.style.left = `${this.x(this.owner.playhead_s)}px`;
  }

  // --------------------------------------------------------------------------------- elements

  _placeShots(left_s, right_s) {
    const shown = this.board.shots
      .map((shot, index) => ({ shot, index }))
      .filter(({ shot }) => shot.end_s >= left_s && shot.start_s <= right_s);
    const focused = this.shots.contains(document.activeElement);
    this.shots.replaceChildren(...shown.map(({ shot, index }) => this._shot(shot, index)));
    if (focused) this.shots.querySelector(".is-selected")?.focus({ preventScroll: true });
  }

  _shot(shot, index) {
    const { session, selected } = this.owner;
    const [x, width] = [this.x(shot.start_s), this.x(shot.end_s) - this.x(shot.start_s)];
    const isSelected = selected.kind === "shot" && selected.index === index;
    const words = session.wordsOf(index);
    const button = el("button", {
      type: "button",
      className: `vem-shot${isSelected ? " is-selected" : ""}`,
      role: "option",
      "aria-selected": String(isSelected),
      "aria-label": `Shot ${index + 1}, ${B.clock(shot.start_s)} to ${B.clock(shot.end_s)}. ${words}`,
      title: words || `Shot ${index + 1}`,
      tabIndex: isSelected || (selected.kind !== "shot" && index === 0) ? 0 : -1,
      onfocus: () => this.owner.select({ kind: "shot", index }, { quietly: true }),
      onclick: () => this.owner.select({ kind: "shot", index }),
    });
    button.style.left = `${x}px`;
    button.style.width = `${Math.max(1, width)}px`;
    button.style.backgroundColor = SHOT_FILLS[index % SHOT_FILLS.length];
    const picture = pictureAt(session, shot.picture.keyframe_s, SHOT_HEIGHT, width);
    if (picture) button.append(picture);
    if (width > 18) {
      const label = words && width > 90 ? `${index + 1} · ${words}` : `${index + 1}`;
      button.append(el("span", {}, label));
    }
    return button;
  }

  _placeTransitions(left_s, right_s) {
    const focused = document.activeElement?.closest?.(".vem-transition");
    const wasFocused = focused && this.marks.contains(focused) ? focused.dataset.index : null;
    const { transitions } = this.board;
    const marks = [];
    let last = -Infinity;
    transitions.forEach((one, index) => {
      const time_s = this.drag?.index === index ? this.drag.time_s : one.time_s;
      if (time_s < left_s - 1 || time_s > right_s + 1) return;
      const x = this.x(time_s);
      marks.push(this._transition(index, time_s, x, x - last >= STAR_ROOM_PX));
      last = x;
    });
    this.marks.replaceChildren(...marks);
    if (wasFocused !== null) {
      this.marks.querySelector(`[data-index="${wasFocused}"]`)?.focus({ preventScroll: true });
    }
  }

  _transition(index, time_s, x, hasRoom) {
    const { session, selected } = this.owner;
    const one = this.board.transitions[index];
    const isSelected = selected.kind === "transition" && selected.index === index;
    const starred = session.isStarred(index);
    const isDragged = this.drag?.index === index;
    const met = isDragged ? "" : session.metOf(one.time_s);
    const [low_s, high_s] = B.roomOf(this.board, index);
    const state = isDragged && this.drag.isRefused ? "refused" : met;
    const mark = el("div", {
      className: `vem-transition${state ? ` is-${state}` : ""}${isSelected ? " is-selected" : ""}`,
      tabIndex: 0,
      role: "slider",
      "aria-label": `${one.kind ?? "cut"} ${index + 1}`,
      "aria-valuemin": low_s,
      "aria-valuemax": high_s,
      "aria-valuenow": time_s,
      "aria-valuetext": `${B.clock(time_s)}${starred ? ", starred" : ""}${met ? `, ${met}` : ""}`,
      title: `${one.kind ?? "cut"} at ${B.clock(time_s)}${met ? `: ${met} by the last plan` : ""}`,
      onfocus: () => this.owner.select({ kind: "transition", index }, { quietly: true }),
      onpointerdown: (event) => this._startDrag(event, index),
    });
    mark.dataset.index = index;
    mark.style.left = `${x}px`;
    if (hasRoom || starred || isSelected) mark.append(this._star(index, starred));
    return mark;
  }

  _star(index, starred) {
    return el(
      "button",
      {
        type: "button",
        className: "vem-star",
        tabIndex: -1,
        "aria-pressed": String(starred),
        "aria-label": `The music must hit transition ${index + 1}`,
        title: starred ? "The music must hit this one. Click to take it back" : "Must be hit",
        onpointerdown: (event) => event.stopPropagation(),
        onclick: () => this.owner.attempt((session) => session.toggleStar(index)),
      },
      starred ? "★" : "☆"
    );
  }

  // ---------------------------------------------------------------------------------- dragging

  _startDrag(event, index) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.owner.select({ kind: "transition", index });
    this.marks.querySelector(`[data-index="${index}"]`)?.focus({ preventScroll: true });
    const from_s = this.board.transitions[index].time_s;
    const offset_s = from_s - this.timeOf(event);
    this.drag = { index, from_s, time_s: from_s, wanted_s: from_s, isRefused: false };
    const move = (moved) => this._drag(moved, offset_s);
    const end = (ended) => {
      window.removeEventListener("pointermove", move, true);
      window.removeEventListener("pointerup", end, true);
      window.removeEventListener("pointercancel", end, true);
      this._endDrag(ended.type === "pointercancel");
    };
    // on the window: marks are made anew while one is dragged
    window.addEventListener("pointermove", move, true);
    window.addEventListener("pointerup", end, true);
    window.addEventListener("pointercancel", end, true);
  }

  _drag(event, offset_s) {
    const fps = B.framesPerSecond(this.board);
    const wanted_s = event.shiftKey
      ? this._nearestBeat(this.timeOf(event) + offset_s)
      : Math.round((this.timeOf(event) + offset_s) * fps) / fps;
    const [low_s, high_s] = B.roomOf(this.board, this.drag.index);
    const time_s = Math.min(Math.max(wanted_s, low_s), high_s);
    this.drag = { ...this.drag, wanted_s, time_s, isRefused: wanted_s <= low_s || wanted_s >= high_s };
    const frame = Math.round(time_s * fps);
    this.owner.say(
      this.drag.isRefused
        ? `There is no room: the neighbours are at ${B.clock(low_s)} and ${B.clock(high_s)}.`
        : `${B.clock(time_s)}, frame ${frame}${this._beatsAway(time_s, fps)}`,
      this.drag.isRefused
    );
    this.owner.show(time_s);
    this.render();
  }

  _endDrag(isCancelled) {
    const { index, from_s, wanted_s } = this.drag;
    this.drag = null;
    if (!isCancelled && wanted_s !== from_s) {
      this.owner.attempt((session) => session.move(index, wanted_s));
    } else {
      this.owner.render();
    }
  }

  _nearestBeat(time_s) {
    const beats_s = this.owner.session.plan?.beats_s ?? [time_s];
    return beats_s.reduce((a, b) => (Math.abs(b - time_s) < Math.abs(a - time_s) ? b : a));
  }

  _beatsAway(time_s, fps) {
    if (!this.owner.session.plan) return "";
    const frames = Math.round((time_s - this._nearestBeat(time_s)) * fps);
    if (frames === 0) return ", on a beat of the last plan";
    const side = frames < 0 ? "before" : "after";
    return `, ${Math.abs(frames)} frame${Math.abs(frames) === 1 ? "" : "s"} ${side} a beat`;
  }

  // ------------------------------------------------------------------------------------ canvas

  _drawCanvas(left_s, right_s) {
    const view = this.element.clientWidth;
    const scale = window.devicePixelRatio || 1;
    this.canvas.style.left = `${this.element.scrollLeft}px`;
    this.canvas.style.width = `${view}px`;
    this.canvas.style.height = `${HEIGHT}px`;
    this.canvas.width = Math.round(view * scale);
    this.canvas.height = Math.round(HEIGHT * scale);
    const c = this.canvas.getContext("2d");
    c.setTransform(scale, 0, 0, scale, -this.element.scrollLeft * scale, 0);
    c.font = "12px system-ui, sans-serif";
    this._drawBeats(c, left_s, right_s);
    this._drawRuler(c, left_s, right_s);
    this._drawMood(c);
  }

  _drawRuler(c, left_s, right_s) {
    const perSecond = this.width / this.board.duration_s;
    const step_s = TICKS_S.find((step) => step * perSecond >= 64) ?? TICKS_S.at(-1);
    c.fillStyle = COLOURS.muted;
    for (let n = Math.max(0, Math.ceil(left_s / step_s)); n * step_s <= right_s; n++) {
      c.fillRect(this.x(n * step_s), RULER_TOP, 1, HEIGHT - RULER_TOP);
      c.fillText(B.clock(n * step_s, step_s < 1 ? 1 : 0), this.x(n * step_s) + 4, HEIGHT - 4);
    }
  }

  _drawBeats(c, left_s, right_s) {
    const { plan } = this.owner.session;
    if (!plan || Math.abs(plan.duration_s - this.board.duration_s) > 0.5) return;
    const perBeat = this.width / Math.max(1, plan.beats_s.length);
    const downbeats = new Set(plan.downbeats);
    plan.beats_s.forEach((beat_s, index) => {
      const isDown = downbeats.has(index);
      if (beat_s < left_s || beat_s > right_s || (perBeat < 3 && !isDown)) return;
      c.fillStyle = isDown ? COLOURS.downbeat : COLOURS.beat;
      c.fillRect(this.x(beat_s), isDown ? 16 : 18, isDown ? 1.5 : 1, RULER_TOP - 18);
    });
  }

  _drawMood(c) {
    c.fillStyle = COLOURS.muted;
    c.fillRect(0, MOOD_TOP + MOOD_HEIGHT / 2, this.width, 1);
    for (const name of ["arousal", "valence"]) {
      c.strokeStyle = COLOURS[name];
      c.lineWidth = 2;
      c.beginPath();
      this.board.shots.forEach((shot, index) => {
        const { value } = this.owner.session.moodOf(index, name);
        const y = MOOD_TOP + (MOOD_HEIGHT * (1 - value)) / 2;
        c.lineTo(this.x(shot.start_s), y);
        c.lineTo(this.x(shot.end_s), y);
      });
      c.stroke();
    }
  }
}

/** The keyframe nearest to `time_s`, `height` pixels high, its middle where `width` is less. */
export function pictureAt(session, time_s, height, width = Infinity) {
  const cell = session.cellAt(time_s);
  if (!cell) return null;
  const { sheet } = session;
  const cell_w = (sheet.cell[0] / sheet.cell[1]) * height;
  const shown_w = Math.min(cell_w, width);
  const picture = el("div", { className: "vem-picture" });
  picture.style.width = `${shown_w}px`;
  picture.style.height = `${height}px`;
  picture.style.backgroundImage = `url("${sheet.url}")`;
  picture.style.backgroundSize = `${cell_w * sheet.columns}px ${height * sheet.rows}px`;
  const x = (shown_w - cell_w) / 2 - cell.column * cell_w;
  picture.style.backgroundPosition = `${x}px ${-cell.row * height}px`;
  return picture;
}
