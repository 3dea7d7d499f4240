// A tone, where it is wanted, when contact or the link is lost.

import { button } from "./dom.js";

export class Sound {
  /** @type {AudioContext | null} */
  #context = null;

  constructor() {
    button("sound").addEventListener("click", () => {
      const on = !this.#context;
      void this.#context?.close();
      this.#context = on ? new AudioContext() : null;
      button("sound").setAttribute("aria-pressed", String(on));
      if (on) this.lost();
    });
  }

  lost() {
    const context = this.#context;
    if (!context) return;
    const [tone, gain] = [context.createOscillator(), context.createGain()];
    tone.frequency.value = 440;
    gain.gain.setValueAtTime(0.15, context.currentTime);
    gain.gain.exponentialRampToValueAtTime(0.001, context.currentTime + 0.5);
    tone.connect(gain).connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + 0.5);
  }
}
