// The account is looked at meanwhile: when that is done, the page is shown anew.

const reply = await fetch("/console/state/line").catch(() => null);
if (reply?.ok && (await reply.json()).asked) location.reload();
