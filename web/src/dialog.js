// One question at a time; what it waits for may change while it stands.

import { button, byId, put } from "./dom.js";

const dialog = () => /** @type {HTMLDialogElement} */ (byId("dialog"));

/**
 * True where it was answered with yes.
 * @param {{title: string, words: string, yes: string, danger?: boolean, advice?: () => string}} question
 * @returns {Promise<boolean>}
 */
export function ask({ title, words, yes, danger = false, advice }) {
  put("dialog-title", title);
  put("dialog-words", words);
  button("dialog-yes").textContent = yes;
  button("dialog-yes").className = danger ? "danger" : "primary";
  byId("dialog-advice").hidden = !advice;
  const show = () => advice && put("dialog-advice", advice());
  show();
  const timer = setInterval(show, 500);
  dialog().showModal();
  return new Promise((resolve) => {
    const end = (/** @type {boolean} */ answer) => {
      clearInterval(timer);
      button("dialog-yes").onclick = button("dialog-no").onclick = dialog().onclose = null;
      dialog().close();
      resolve(answer);
    };
    button("dialog-yes").onclick = () => end(true);
    button("dialog-no").onclick = () => end(false);
    dialog().onclose = () => end(false);
  });
}
