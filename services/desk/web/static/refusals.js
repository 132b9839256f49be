// A reply or note that was refused comes back, with the reason and what can be done now.

import { fire } from "./dom.js";
import { inWords, tell } from "./says.js";
import { forget } from "./sending.js";
import { t } from "./words.js";

// With these a second try is no use.
const FINAL = new Set(["no_consent", "window_over", "cannot_receive", "too_large"]);

export function refused(composer, record, live = false) {
  const { pane } = composer;
  const { body, refused: problem } = record;
  if (live) composer.draft.release();
  pane.thread.gone(record);
  const words = inWords(problem);
  const written = composer.field.value;
  const free = !written.trim() || written === body.text;
  if (free) comesBack(composer, record);
  if (problem.code === "unseen" && free) {
    composer.then = record.then;
    const show = () => composer.answered(pane.unseen(composer.seen), problem.newest_seq ?? pane.seq);
    pane.refresh().then(show, show);
    return;
  }
  const acts = possible(composer, record, free);
  const shut = () => forget(record);
  tell(composer.says, { name: record.key, ...words, acts, quote: free ? undefined : body.text, shut });
  composer.field.focus();
}

function comesBack(composer, record) {
  const { body } = record;
  const written = composer.field.value;
  forget(record);
  const both = written.trim() && written !== body.text;
  composer.put(both ? `${written}\n\n${body.text}` : body.text, body.type === "note");
  composer.with.back(body);
  composer.showWith();
  composer.attached.back({ files: record.files, cc: body.cc });
  composer.attached.gone(record.refused?.missing ?? []);
  composer.draft.write(composer.field.value, composer.note, composer.attached.kept());
}

function possible(composer, record, free) {
  const { pane } = composer;
  const { body, refused: problem } = record;
  const back = () => free || comesBack(composer, record);
  const again = () => {
    back();
    composer.submit(record.then, body.unseen_ok ? { unseen_ok: true } : {});
  };
  const after = (act) => async () => (await pane.act(act)) && again();
  const asNote = () => {
    back();
    composer.focus(true);
  };
  const acts = [];
  if (!free) acts.push({ label: t("composer.put_back"), run: back });
  if (problem.code === "not_open") {
    if (pane.canReopen()) acts.push({ label: t("composer.reopen_send"), run: after("reopen"), main: true });
  } else if (problem.code === "taken") {
    acts.push({ label: t("ticket.take_over"), run: after("take"), main: true });
  } else if (!FINAL.has(problem.code)) acts.push({ label: t("composer.again"), run: again, main: true });
  if (body.type === "reply") acts.push({ label: t("composer.as_note"), run: asNote });
  return acts;
}

// Said in the ticket that is open now: what was written in another one did not go out.
export function refusedElsewhere(composer, record) {
  const { title, detail } = inWords(record.refused);
  const { number, contact: name, ticket: id } = record;
  tell(composer.says, {
    name: record.key,
    title: t("composer.other_refused", { number, name }),
    detail: `${title} ${detail}`,
    acts: [{ label: t("composer.open_ticket", { number }), run: () => fire("desk:open", { id }), main: true }],
  });
}
