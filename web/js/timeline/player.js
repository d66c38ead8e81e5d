/** The section under the playhead, looped: the film of the last run, else the video that was loaded. */

import { el } from "./style.js";
import { pictureAt } from "./track.js";

const AROUND_S = 2;

export class Player {
  /** `owner` has session, selected, playhead_s, say and seek (see view.js). */
  constructor(owner) {
    this.owner = owner;
    this.film = null;
    this.video = el("video", { playsInline: true, preload: "auto", hidden: true });
    this.still = el("div");
    this.heard = el("div", { className: "vem-heard" });
    this.element = el("div", { className: "vem-screen" }, this.video, this.still, this.heard);
    this.video.addEventListener("error", () => this._failed());
  }

  get isPlaying() {
    return !this.video.hidden && !this.video.paused;
  }

  /** `film`: {url, offset_s, words} or null; offset_s: where the clip begins in the file. */
  setFilm(film) {
    if (film?.url === this.film?.url && film?.offset_s === this.film?.offset_s) return;
    this.stop();
    this.film = film;
    if (film) this.video.src = film.url;
    else this.video.removeAttribute("src");
    this.show(this.owner.playhead_s);
  }

  /** From when to when is looped: the shot, or around the transition, that is selected. */
  section() {
    const { session, selected } = this.owner;
    const { board } = session;
    if (selected.kind === "shot" && board.shots[selected.index]) {
      const { start_s, end_s } = board.shots[selected.index];
      return [start_s, end_s];
    }
    const one = selected.kind === "transition" && board.transitions[selected.index];
    if (!one) return [0, board.duration_s];
    return [Math.max(0, one.time_s - AROUND_S), Math.min(board.duration_s, one.time_s + AROUND_S)];
  }

  toggle() {
    if (this.isPlaying) this.stop();
    else this.play();
  }

  play() {
    if (!this.owner.session.board || !this.film) {
      this.owner.say("There is no film to play yet. Press Run; with Mux Video it has music.", true);
      return;
    }
    const [start_s] = this.section();
    this.video.hidden = false;
    this.still.hidden = true;
    this._jump(start_s);
    this.video.play().catch((error) => {
      if (error.name !== "AbortError") this._failed();
    });
    this.owner.renderButtons();
    this._follow();
  }

  _follow() {
    if (!this.video.isConnected) this.video.pause();
    if (this.video.paused) return;
    const [start_s, end_s] = this.section();
    const now_s = this.video.currentTime - this.film.offset_s;
    // half a frame early, so that the picture after the section does not flash up
    if (now_s >= end_s - 0.02 || now_s < start_s - 0.25 || this.video.ended) this._jump(start_s);
    this.owner.played(Math.min(Math.max(now_s, start_s), end_s));
    requestAnimationFrame(() => this._follow());
  }

  _jump(time_s) {
    this.video.currentTime = time_s + this.film.offset_s;
    if (this.video.ended) this.video.play();
  }

  stop() {
    this.video.pause();
    this.owner.renderButtons();
  }

  /** The picture at `time_s`: a frame of the film, or the keyframe of the shot. */
  show(time_s) {
    const { session } = this.owner;
    this.heard.textContent = this.film?.words ?? "";
    if (this.film) {
      this.video.hidden = false;
      this.still.hidden = true;
      if (!this.isPlaying) this.video.currentTime = time_s + this.film.offset_s;
      return;
    }
    this.video.hidden = true;
    this.still.hidden = false;
    const height = Math.min(this.element.clientHeight, (this.element.clientWidth * 9) / 16) || 120;
    const picture = session.board && pictureAt(session, time_s, height);
    this.still.replaceChildren(...(picture ? [picture] : []));
  }

  _failed() {
    if (!this.film) return;
    this.film = null;
    this.owner.say("The browser cannot play this film; the keyframes are shown instead.", true);
    this.show(this.owner.playhead_s);
    this.owner.renderButtons();
  }
}
