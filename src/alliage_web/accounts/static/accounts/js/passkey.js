/* Passkeys: the form that carries data-passkey asks the browser, then sends what it answers. */

const decode = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const credentials = (list = []) => list.map((item) => ({ ...item, id: decode(item.id) }));

function asked(form, { publicKey }) {
  const options = {
    ...publicKey,
    challenge: decode(publicKey.challenge),
    excludeCredentials: credentials(publicKey.excludeCredentials),
    allowCredentials: credentials(publicKey.allowCredentials),
  };
  if (form.dataset.passkey === "get") return navigator.credentials.get({ publicKey: options });
  options.user = { ...publicKey.user, id: decode(publicKey.user.id) };
  if (form.elements.passwordless?.checked) {
    options.authenticatorSelection = {
      ...publicKey.authenticatorSelection,
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "required",
    };
  }
  return navigator.credentials.create({ publicKey: options });
}

function written(credential) {
  const { response } = credential;
  const said = { clientDataJSON: encode(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) said[name] = encode(response[name]);
  }
  if (response.getTransports) said.transports = response.getTransports();
  return JSON.stringify({
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: said,
  });
}

async function options(form) {
  const written = form.querySelector("script[type='application/json']");
  if (written) return JSON.parse(written.textContent);
  const answer = await fetch(form.dataset.address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.statusText);
  return (await answer.json()).request_options;
}

function reason(form, error) {
  if (error.name === "InvalidStateError") return form.dataset.known;
  return error.name === "NotAllowedError" ? form.dataset.cancelled : form.dataset.failed;
}

async function send(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const message = form.querySelector("[data-message]");
  message.textContent = "";
  try {
    form.elements.credential.value = written(await asked(form, await options(form)));
    form.submit();
  } catch (error) {
    message.textContent = reason(form, error);
  }
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", send);
    form.hidden = false;
  }
}
