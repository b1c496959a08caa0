(function (settings) {
  "use strict";

  const ACTIONS = settings.actions;
  const PERIODS = { __proto__: null, 1: "day", 2: "week", 3: "month", 4: "year" };
  const RENAMED_FIELDS = settings.renamedFields;
  const ROBOT = new RegExp(settings.robotSigns, "i");
  // Mail services wrap, encode and append to links, hence the many separators.
  const AMP = "(?:amp(?:;|%3B))";
  const MARK = `(?:[?#]|%23|&${AMP}*|%26${AMP}+)`;
  const parameter = (names) => new RegExp(`${MARK}(${names})(?:=|%3D)(.*?)(?=${MARK}|$)`, "gi");
  const IN_LINK = parameter([...Object.keys(RENAMED_FIELDS), ...settings.linkFields].join("|"));
  const IN_QUERY = parameter(Object.values(RENAMED_FIELDS).join("|"));
  const LEADING_MARK = new RegExp(`^${MARK}`, "i");
  const TIMEOUT = 20000;

  // A page may set its own time, <script src="…/main.js" data-auto-hide="8">, and a hosted page its own language.
  const own = document.currentScript ? document.currentScript.dataset : {};
  const autoHide = Number(own.autoHide || settings.autoHide);
  const texts = own.texts ? JSON.parse(own.texts) : settings.texts;
  const locale = own.locale || settings.locale;
  let banner = null;
  // Whether the server knows that the link was opened: "fetched" with the page, "told" by this script.
  let visit = "";
  // The sum of the signs of a machine, and whether it is too high to act without a press, here or at the server.
  let signs = 0;
  let inDoubt = false;
  let focusedBefore = null;

  // --- reading the link --------------------------------------------------------------------------

  function decoded(text) {
    try {
      return decodeURIComponent(text).trim();
    } catch {
      return text;
    }
  }

  /** Takes the link's parameters out of the address bar; null when the address holds no 1-click link. */
  function takeLink() {
    const link = {};
    const takeField = (match, name, value) => {
      const key = RENAMED_FIELDS[name.toLowerCase()] || name.toLowerCase();
      if (!(key in link)) link[key] = decoded(value);
      return "";
    };
    const clean = (part, mark) => {
      const kept = part.replace(IN_LINK, takeField);
      return kept && mark + kept.replace(LEADING_MARK, "");
    };
    const hash = clean(location.hash, "#");
    let search = clean(location.search, "?");
    const path = location.pathname.replace(IN_LINK, takeField);
    // Other scripts use the names `token` and `action`, too: they count only together and with a known action.
    const query = {};
    location.search.replace(IN_QUERY, (match, name, value) => (query[name.toLowerCase()] = decoded(value)));
    if ("token" in query && ACTIONS.includes(query.action)) {
      search = search.replace(IN_QUERY, takeField).replace(LEADING_MARK, "?");
    }
    if (!("action" in link || "token" in link)) return null;
    history.replaceState(history.state, "", path + search + hash);
    return link;
  }

  // --- person or machine -------------------------------------------------------------------------

  /** Resolves once the page is on a screen and has a body to put the banner in. */
  function pageShown() {
    return new Promise((resolve) => {
      const events = ["visibilitychange", "prerenderingchange", "DOMContentLoaded"];
      const look = () => {
        if (document.prerendering || document.visibilityState !== "visible" || !document.body) return;
        for (const name of events) document.removeEventListener(name, look);
        resolve();
      };
      for (const name of events) document.addEventListener(name, look);
      look();
    });
  }

  /** What draws the page: the graphics card of a person's device, or a program on a server. Empty if unknown. */
  function rendererName() {
    try {
      const gl = document.createElement("canvas").getContext("webgl");
      const name = gl.getParameter(gl.RENDERER);
      // Firefox gives the name at once, and complains about the extension.
      return /^webkit/i.test(name)
        ? gl.getParameter(gl.getExtension("WEBGL_debug_renderer_info").UNMASKED_RENDERER_WEBGL)
        : name;
    } catch {
      return "";
    }
  }

  /** What the browsers of servers have and people's devices have not, weighed. Only the sum leaves the page. */
  function weighSigns() {
    const { languages, maxTouchPoints, userAgent, webdriver } = navigator;
    const renderer = rendererName();
    const atDesk = !maxTouchPoints;
    const weights = [
      [webdriver, 9],
      [ROBOT.test(userAgent), 3],
      [/swiftshader|llvmpipe|softpipe|lavapipe/i.test(renderer), 3],
      // The rest is not rare among people, so it takes three of these.
      [!renderer || /basic render/i.test(renderer), 1],
      [/^(etc\/)?(utc|gmt)$/i.test(Intl.DateTimeFormat().resolvedOptions().timeZone), 1],
      [languages.length < 2 && atDesk, 1],
      [screen.availHeight === screen.height && atDesk, 1],
    ];
    return weights.reduce((sum, [found, weight]) => (found ? sum + weight : sum), 0);
  }

  // A customer who comes from a message has not touched the page yet. These signs show that someone looks at the
  // window. Without them the page shows the button, and only a real press counts.
  function isWindowVisible() {
    if (!(outerWidth && outerHeight && innerWidth && screen.width && navigator.languages.length)) return false;
    const touched = navigator.userActivation && navigator.userActivation.hasBeenActive;
    // Browsers inside mail apps on phones have no focus before the first touch.
    return document.hasFocus() || touched || navigator.maxTouchPoints > 0;
  }

  /** Resolves to false after `turns` checks: turns, not seconds, because a busy page takes longer. */
  function becomesTrue(check, turns) {
    return new Promise((resolve) => {
      const look = (left) => (check() ? resolve(true) : left ? setTimeout(look, 50, left - 1) : resolve(false));
      look(turns);
    });
  }

  async function isSomebodyLooking() {
    let drawn = false;
    requestAnimationFrame(() => requestAnimationFrame(() => (drawn = true)));
    // A scanner's browser draws nothing. A window may know its size and focus only after the first frames.
    return (await becomesTrue(() => drawn, 80)) && becomesTrue(isWindowVisible, 20);
  }

  // --- the request -------------------------------------------------------------------------------

  /** A name for one press or click: a repeated request with the same name gets the first answer. */
  function newAttempt() {
    return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** `pressed` says how the button was pressed, empty where none was. */
  async function post(name, body, attempt, pressed = "") {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), TIMEOUT);
    try {
      const query = new URLSearchParams({ merchant: settings.merchant, attempt, visit, signs, pressed });
      if ("page" in own) query.set("page", own.page);
      const response = await fetch(`${settings.base}/one_click/${name}/?${query}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify(body),
        credentials: "omit",
        referrerPolicy: "no-referrer",
        keepalive: true,
        signal: stop.signal,
      });
      if (response.status === 204) return {};
      if (response.status === 404) return { status: "error", error: "broken_link", message: texts.broken };
      const answer = await response.json();
      if (!answer.message) throw new Error("no message");
      return { ...answer, retryable: response.status === 429 || response.status >= 500 };
    } catch {
      return { status: "error", error: "network", message: texts.network, retryable: true };
    } finally {
      clearTimeout(timer);
    }
  }

  /** `question` shows that of the server, which is in doubt whether a person came, with the button. */
  async function send(name, body, question, pressed, attempt = newAttempt()) {
    // Shown at once after a press, so that nobody presses twice; otherwise only if the answer is slow.
    const slow = setTimeout(show, banner ? 0 : 400, "notice", texts.working);
    const answer = await post(name, body, attempt, pressed);
    if (!answer.retryable) visit = "told";
    clearTimeout(slow);
    if (answer.status === "question") {
      inDoubt = true;
      return question(answer.message);
    }
    const kind = answer.status === "success" ? "success" : "error";
    let button = null;
    if (answer.undo) {
      const press = () => send("undo", { token: answer.undo.token });
      button = { label: texts.undo, press, left: Date.parse(answer.undo.until) - Date.now() };
    } else if (answer.retryable) {
      button = { label: texts.again, press: (how) => send(name, body, question, how, attempt) };
    }
    show(kind, answer.message, button);
    dispatchOutcome(name, kind, answer.error || null);
  }

  /** Reports a visit that does not act yet; the answer has the question beside the link's button. */
  function reportVisit(link) {
    const answer = post("opened", link, "");
    visit = "told";
    return answer;
  }

  /** Reports a click that acted by itself, at a desk where no hand then moved or pressed anything in the page. */
  function watchForHands(link) {
    // Whoever reads on a phone need not touch it.
    if (navigator.maxTouchPoints) return;
    const watch = new AbortController();
    const options = { capture: true, passive: true, signal: watch.signal };
    const report = () => {
      watch.abort();
      post("opened", { ...link, untouched: "yes" }, "");
    };
    const timer = setTimeout(report, 20000);
    watch.signal.addEventListener("abort", () => clearTimeout(timer));
    for (const name of ["pointermove", "pointerdown", "keydown", "wheel"]) {
      addEventListener(name, (event) => event.isTrusted && watch.abort(), options);
    }
    addEventListener("pagehide", report, options);
  }

  /** For the shop's own analytics; the event does not carry the token. */
  function dispatchOutcome(action, status, error) {
    const detail = { action, status, error };
    document.dispatchEvent(new CustomEvent("reprise:one-click", { bubbles: true, detail }));
  }

  // --- the banner --------------------------------------------------------------------------------

  const ICONS = {
    success: ["M8 12.5l2.8 2.8L16 9.5", "M12 2.5a9.5 9.5 0 1 1 0 19a9.5 9.5 0 1 1 0-19z"],
    error: ["M12 7v6.2M12 16.6v.1", "M12 2.5a9.5 9.5 0 1 1 0 19a9.5 9.5 0 1 1 0-19z"],
    notice: ["M12 7v5.4l3.2 2", "M12 2.5a9.5 9.5 0 1 1 0 19a9.5 9.5 0 1 1 0-19z"],
    close: ["M6 6l12 12M18 6L6 18"],
  };

  function icon(name) {
    const draw = (tag, attributes) => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      return node;
    };
    const svg = draw("svg", { class: "alert-container__icon", viewBox: "0 0 24 24", "aria-hidden": "true" });
    svg.append(...ICONS[name].map((d) => draw("path", { d })));
    return svg;
  }

  function element(tag, name, attributes) {
    const node = document.createElement(tag);
    node.className = name;
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    return node;
  }

  /** Calls press("hand") or, where a pointer let go faster than hands do or there was none, press("quick" or "key"). */
  function pressable(name, press, attributes) {
    const node = element("button", name, { type: "button", ...attributes });
    let down = 0;
    node.addEventListener("pointerdown", (event) => (down = event.timeStamp));
    node.addEventListener("click", (event) => {
      // The second half of a double click was meant for the button that was here before.
      if (!event.isTrusted || event.detail > 1) return;
      // Screen readers and keys press without a pointer.
      press(!event.detail ? "key" : event.timeStamp - down < 20 ? "quick" : "hand");
    });
    return node;
  }

  /** A style sheet made by script passes a content security policy that forbids inline styles. */
  function addStyles() {
    const css = settings.css + `div:where(.alert-container){z-index:${settings.zIndex}}`;
    if ("adoptedStyleSheets" in document && "replaceSync" in CSSStyleSheet.prototype) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    } else {
      document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
    }
  }

  let hasStyles = false;

  /** kind: success, error or notice; button: {label, press, left?}, left in milliseconds. */
  function show(kind, text, button) {
    if (!hasStyles) addStyles();
    hasStyles = true;
    const focused = hasFocus();
    remove();
    const shown = element("div", `alert-container alert-container--${kind}`, {
      role: kind === "error" ? "alert" : "status",
      lang: locale,
      dir: "auto",
      tabindex: "-1",
    });
    const message = element("p", "alert-container__text");
    shown.append(icon(kind), message);
    if (button) addButton(shown, button);
    const cross = pressable("alert-container__close", close, { "aria-label": texts.close });
    cross.append(icon("close"));
    shown.append(cross);
    shown.addEventListener("focusin", ({ relatedTarget }) => {
      if (relatedTarget && !relatedTarget.closest(".alert-container")) focusedBefore = relatedTarget;
    });
    document.body.prepend(shown);
    banner = shown;
    // Screen readers announce changes in a region that already exists, so the text follows a moment later.
    setTimeout(() => (message.textContent = text), 60);
    if (focused) shown.focus();
    if (kind === "success" && autoHide > 0) hideLater(shown);
  }

  function addButton(shown, { label, press, left }) {
    let pressed = false;
    const node = pressable("alert-container__button", (how) => {
      if (!pressed) press(how);
      pressed = true;
    });
    node.textContent = label;
    shown.append(node);
    // The offer is new. If no time seems left, or more than a timer can count, the customer's clock is wrong.
    if (left !== undefined) setTimeout(() => node.remove(), left > 0 && left < 2 ** 31 ? left : 60000);
  }

  function hideLater(shown) {
    setTimeout(() => {
      if (shown.matches(":hover, :focus-within")) hideLater(shown);
      else if (shown === banner) close();
    }, autoHide * 1000);
  }

  function hasFocus() {
    return banner && banner.contains(document.activeElement);
  }

  function remove() {
    if (banner) banner.remove();
    banner = null;
  }

  /** Removes the banner and moves the focus back to where it was before. */
  function close() {
    const focused = hasFocus();
    remove();
    if (focused && focusedBefore && focusedBefore.isConnected) focusedBefore.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) close();
  });

  // --- asking first ------------------------------------------------------------------------------

  function amount(count, unit) {
    if (!/^\d{1,9}$/.test(count)) return count;
    const format = (tag) => new Intl.NumberFormat(tag, { style: "unit", unit, unitDisplay: "long" }).format(count);
    try {
      return format(locale);
    } catch {
      // The merchant typed the locale, so it may be invalid.
      return format("en");
    }
  }

  function fillQuestion(text, link) {
    const frequency = PERIODS[link.og_every_period] && amount(link.og_every || 1, PERIODS[link.og_every_period]);
    const values = {
      days: amount(link.days || settings.delayDays, "day"),
      quantity: link.og_quantity || "1",
      frequency: frequency || "–",
      product_name: link.og_product_id || "–",
      price: "–",
    };
    return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] || whole);
  }

  /** Shows the question with the button. In doubt, a press that no hand made is asked once more. */
  function showQuestion(question, kind, go) {
    let again = inDoubt;
    const press = (how) => {
      if (!again || how !== "quick") return go(how);
      again = false;
      show("notice", question, button);
    };
    const button = { label: texts[`button_${kind}`], press };
    show("notice", question, button);
  }

  async function ask(link, kind, go) {
    const reported = reportVisit(link);
    const question = fillQuestion(texts[`confirm_${kind}`], link);
    if (!("og_product_id" in link)) return showQuestion(question, kind, go);
    // Only the server knows the product's name and price, and whether it can still be added.
    const slow = setTimeout(show, 400, "notice", texts.working);
    const answer = await reported;
    clearTimeout(slow);
    if (answer.error && !answer.retryable) {
      show("error", answer.message);
      return dispatchOutcome(link.action, "error", answer.error);
    }
    showQuestion((!answer.error && answer.message) || question, kind, go);
  }

  // --- from the link to the answer ---------------------------------------------------------------

  async function run() {
    const link = takeLink();
    if (!link) return;
    visit = link.og_visit || own.visit ? "fetched" : "";
    signs = weighSigns();
    inDoubt = signs >= settings.doubt;
    if (navigator.webdriver) return reportVisit(link);
    await pageShown();
    const { action, og_mode: mode, ...body } = link;
    if (!ACTIONS.includes(action)) {
      show("error", texts.broken);
      return dispatchOutcome(action || "", "error", "broken_link");
    }
    const setting = action.endsWith("upsell") ? "upsell" : action;
    const subscribes = action === "subscription_upsell" || "og_every" in link || "og_every_period" in link;
    const kind = setting === "upsell" && subscribes ? "subscribe" : setting;
    const go = (how) => send(action, { token: "", ...body }, (question) => showQuestion(question, kind, go), how);
    const asks = mode === "instant" ? false : mode === "confirm" || settings.confirm.includes(setting);
    if (asks || inDoubt || !(await isSomebodyLooking())) return ask(link, kind, go);
    await go();
    if (!inDoubt) watchForHands(link);
  }

  // A link to the page that is already open loads nothing. popstate fires before hashchange, so the address is
  // clean before a script of the shop reads it.
  addEventListener("popstate", run);
  addEventListener("hashchange", (event) => {
    run();
    if (event.newURL.search(IN_LINK) < 0 || event.newURL === location.href) return;
    event.stopImmediatePropagation();
    dispatchEvent(new HashChangeEvent("hashchange", { oldURL: event.oldURL, newURL: location.href }));
  });
  run();
})(__SETTINGS__);
