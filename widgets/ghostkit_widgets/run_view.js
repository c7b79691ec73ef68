// The live view of one run. Python owns the data (run_feed.py says which messages there are); here they become
// prose on the page. Model text is only ever put into text nodes.

const GAP = "\n\n⋯\n\n";
const ASK_AGAIN_MS = [1000, 2000, 4000, 8000];
const SLOW_STOP_MS = 1500;
const AT_BOTTOM_PX = 24;

const STATES = {
  pending: "waiting",
  running: "writing",
  paused: "paused",
  done: "done",
  incomplete: "not finished",
  cancelled: "stopped",
  failed: "failed",
  interrupted: "interrupted",
};
const ENDED = new Set(["done", "incomplete", "cancelled", "failed", "interrupted"]);

// Python counts characters as code points, JavaScript as UTF-16 units; on the wire they are code points.
function countCharacters(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function withoutFirst(text, characters) {
  return characters > 0 ? [...text].slice(characters).join("") : text;
}

// ── what is known of the run: one story a model, however many views look at it ──────────────────────────────

class Section {
  constructor(id) {
    this.id = id;
    this.number = "";
    this.title = "";
    this.place = [Infinity, Infinity];
    this.status = "";
    this.text = "";
    this.end = 0; // characters of the section's text that are known or known to be missing
    this.ragged = false; // something in the middle is missing
    this.version = 0; // counts replacements: text that is drawn already isn't right any more
  }

  name({ number, title, place, status }) {
    Object.assign(this, { number, title, place, status });
  }

  // Put `delta` at `pos`; true if everything before it is known.
  put(pos, delta) {
    const length = countCharacters(delta);
    if (pos + length <= this.end) return true;
    const whole = pos <= this.end;
    if (!whole) this.ragged = true;
    this.text += whole ? withoutFirst(delta, this.end - pos) : GAP + delta;
    this.end = pos + length;
    return whole;
  }

  replace(text) {
    if (text === this.text && !this.ragged) return;
    this.text = text;
    this.end = countCharacters(text);
    this.ragged = false;
    this.version += 1;
  }
}

class Story {
  constructor(model) {
    this.model = model;
    this.page = `p-${Math.random().toString(36).slice(2)}`;
    this.sections = new Map();
    this.status = {};
    this.book = "";
    this.seq = null;
    this.asked = 0; // resyncs sent since the last answer
    this.timer = null;
    this.connected = true;
    this.views = new Set();
  }

  open() {
    this.applySnapshot(this.model.get("snapshot"));
    this.model.on("msg:custom", (message) => this.receive(message));
    this.model.on("change:snapshot", () => {
      this.applySnapshot(this.model.get("snapshot"));
      this.changed();
    });
  }

  receive(message) {
    if (!message || typeof message !== "object") return;
    this.connected = true;
    const missed = this.seq !== null && message.seq !== this.seq + 1;
    this.seq = message.seq;
    if (message.kind === "snapshot") {
      this.answered();
      this.applySnapshot(message);
    } else if (message.kind === "text") {
      const parts = [message, ...(message.more ?? [])];
      const whole = parts.map((part) => this.section(part.section).put(part.pos, part.delta));
      if (!whole.every(Boolean)) this.resync();
    } else if (message.kind === "section") {
      const section = this.section(message.section);
      section.name(message);
      if (typeof message.text === "string") section.replace(message.text);
    } else if (message.kind === "status") {
      this.status = message.status;
    }
    if (missed && message.kind !== "snapshot") this.resync();
    this.changed();
  }

  applySnapshot(snapshot) {
    if (!snapshot || !snapshot.sections) return;
    this.status = snapshot.status;
    this.book = snapshot.book;
    this.seq ??= snapshot.seq;
    for (const known of snapshot.sections) {
      const section = this.section(known.section);
      section.name(known);
      if (known.pos === 0) this.settle(section, known);
      else section.put(known.pos, known.text);
    }
  }

  // All of a section's text as it was a moment ago; more of it may have come since.
  settle(section, known) {
    const length = countCharacters(known.text);
    if (section.ragged || length >= section.end) {
      if (!section.ragged && known.text.startsWith(section.text)) section.put(0, known.text);
      else section.replace(known.text);
    }
  }

  section(id) {
    if (!this.sections.has(id)) this.sections.set(id, new Section(id));
    return this.sections.get(id);
  }

  inOrder() {
    return [...this.sections.values()].sort((a, b) => a.place[0] - b.place[0] || a.place[1] - b.place[1]);
  }

  // Ask for what is missing: once, and again ever more slowly while no answer comes (a kernel may be busy).
  resync() {
    if (this.timer !== null) return;
    const have = {};
    for (const section of this.sections.values()) if (!section.ragged) have[section.id] = section.end;
    this.model.send({ kind: "resync", page: this.page, have });
    const wait = ASK_AGAIN_MS[this.asked];
    this.asked += 1;
    if (wait === undefined) {
      this.asked = 0;
      this.connected = false;
      this.changed();
      return;
    }
    this.timer = setTimeout(() => {
      this.timer = null;
      if (this.views.size) this.resync();
    }, wait);
  }

  answered() {
    clearTimeout(this.timer);
    this.timer = null;
    this.asked = 0;
  }

  ask(kind) {
    this.model.send({ kind, page: this.page });
  }

  enter(view) {
    this.views.add(view);
    if (this.views.size === 1) this.resync();
  }

  leave(view) {
    this.views.delete(view);
    if (this.views.size) return;
    this.answered();
    this.ask("leave");
  }

  changed() {
    for (const view of this.views) view.soon();
  }
}

// ── one view of it ──────────────────────────────────────────────────────────────────────────────────────────

function element(tag, className, attributes = {}) {
  const made = document.createElement(tag);
  made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

class SectionView {
  constructor(section) {
    this.section = section;
    this.node = element("article", "gk-section");
    this.heading = element("h4", "gk-heading", { dir: "auto" });
    this.node.append(this.heading);
    this.clear();
  }

  clear() {
    this.version = this.section.version;
    this.drawn = 0;
    this.paragraph = null;
    this.node.replaceChildren(this.heading);
  }

  draw() {
    const { section } = this;
    setText(this.heading, `${section.number} ${section.title}`.trim());
    this.node.dataset.status = section.status;
    if (this.version !== section.version) this.clear();
    // Line breaks at the end wait for what follows them: two make a paragraph.
    const end = section.text.trimEnd().length;
    if (end <= this.drawn) return;
    const parts = section.text.slice(this.drawn, end).split(/\n[ \t]*\n\s*/);
    this.drawn = end;
    parts.forEach((part, index) => {
      if (index > 0) this.freeze();
      this.append(part);
    });
  }

  append(text) {
    if (!text) return;
    if (this.paragraph === null) {
      this.paragraph = element("p", "gk-paragraph", { dir: "auto" });
      this.node.append(this.paragraph);
      text = text.trimStart();
    }
    this.paragraph.append(text);
  }

  // A finished paragraph becomes one text node and is never touched again.
  freeze() {
    if (this.paragraph === null) return;
    this.paragraph.normalize();
    if (/^([*⁂#–—-] ?)+$/.test(this.paragraph.textContent)) this.paragraph.classList.add("gk-break");
    this.paragraph = null;
  }
}

class View {
  constructor(story, el) {
    this.story = story;
    this.sections = new Map();
    this.frame = null;
    this.following = true;
    this.stopping = null; // null, "asked", or "late"
    this.build(el);
  }

  build(el) {
    this.root = element("section", "gk-run", { "data-lm-suppress-shortcuts": "true" });
    const line = element("div", "gk-line");
    this.goal = element("span", "gk-goal", { dir: "auto" });
    this.state = element("span", "gk-state", { role: "status" });
    this.model = element("span", "gk-model");
    this.pause = this.button("gk-button", () => this.togglePause());
    this.stop = this.button("gk-button gk-stop", () => this.askToStop());
    const buttons = element("span", "gk-buttons", { role: "group", "aria-label": "Run" });
    buttons.append(this.pause, this.stop);
    line.append(this.goal, this.state, this.model, buttons);
    this.bar = element("div", "gk-bar", { role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" });
    this.bar.setAttribute("aria-label", "Progress");
    this.fill = element("div", "gk-fill");
    this.bar.append(this.fill);
    this.numbers = element("div", "gk-numbers");
    this.reason = element("div", "gk-reason", { dir: "auto" });
    this.prose = element("div", "gk-prose", { tabindex: "0", role: "region", "aria-label": "Prose" });
    this.empty = element("p", "gk-empty");
    this.latest = this.button("gk-latest", () => this.follow());
    this.latest.textContent = "↓ Newest";
    this.latest.hidden = true;
    const reading = element("div", "gk-reading");
    reading.append(this.prose, this.latest);
    this.prose.append(this.empty);
    this.prose.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.root.append(line, this.bar, this.numbers, this.reason, reading);
    el.append(this.root);
  }

  button(className, act) {
    const made = element("button", className, { type: "button" });
    made.addEventListener("click", act);
    return made;
  }

  close() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.lateness);
    this.root.remove();
  }

  // ── what people do ────────────────────────────────────────────────────────────────────────────────────────

  askToStop() {
    this.stopping = "asked";
    this.lateness = setTimeout(() => {
      this.stopping = "late";
      this.soon();
    }, SLOW_STOP_MS);
    this.story.ask("stop");
    this.soon();
  }

  togglePause() {
    this.story.ask(this.story.status.state === "paused" ? "resume" : "pause");
  }

  follow() {
    this.following = true;
    this.latest.hidden = true;
    this.prose.scrollTop = this.prose.scrollHeight;
    this.prose.focus({ preventScroll: true });
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.prose;
    this.following = scrollHeight - scrollTop - clientHeight <= AT_BOTTOM_PX;
    if (this.following) this.latest.hidden = true;
  }

  // ── painting, at most once a frame ────────────────────────────────────────────────────────────────────────

  soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.paint();
    });
  }

  paint() {
    this.paintStatus(this.story.status);
    const grown = this.paintProse();
    if (!grown) return;
    if (this.following) this.prose.scrollTop = this.prose.scrollHeight;
    else this.latest.hidden = ENDED.has(this.story.status.state);
  }

  paintProse() {
    const before = this.prose.childElementCount;
    let grown = false;
    let previous = null;
    for (const section of this.story.inOrder()) {
      let shown = this.sections.get(section.id);
      if (!shown) {
        shown = new SectionView(section);
        this.sections.set(section.id, shown);
      }
      const drawn = shown.drawn;
      shown.draw();
      grown ||= shown.drawn !== drawn;
      const place = previous ? previous.nextSibling : this.prose.firstChild;
      if (place !== shown.node) this.prose.insertBefore(shown.node, place);
      previous = shown.node;
    }
    if (this.sections.size) this.empty.remove();
    return grown || before !== this.prose.childElementCount;
  }

  paintStatus(status) {
    const ended = ENDED.has(status.state);
    if (ended) clearTimeout(this.lateness);
    this.root.dataset.state = status.state ?? "";
    this.root.setAttribute("aria-label", `Run: ${status.goal ?? ""}`);
    setText(this.goal, status.goal ?? "");
    setText(this.model, status.model ?? "");
    setText(this.state, STATES[status.state] ?? status.state ?? "");
    setText(this.reason, ended && status.state !== "cancelled" ? status.reason ?? "" : this.remark(status));
    setText(this.numbers, numbersOf(status, ended));
    setText(this.empty, ended ? "This run wrote no prose." : "The first words are on their way …");
    this.paintBar(status);
    this.paintButtons(status, ended);
  }

  remark(status) {
    if (ENDED.has(status.state)) return "";
    if (this.stopping === "late") return "The kernel is busy: the run stops when this cell ends.";
    if (!this.story.connected) return "No kernel answers; this is how the run stood.";
    if (status.state === "paused") return "What is being written is finished; nothing new begins.";
    return "";
  }

  paintBar(status) {
    const percent = Math.floor((status.progress ?? 0) * 100);
    this.fill.style.width = `${percent}%`;
    this.bar.setAttribute("aria-valuenow", String(percent));
    this.bar.setAttribute("aria-valuetext", `${percent} percent, ${sectionsOf(status) || "planning"}`);
  }

  paintButtons(status, ended) {
    const paused = status.state === "paused";
    this.pause.hidden = this.stop.hidden = ended || !this.story.connected;
    this.pause.disabled = this.stopping !== null || status.state === "pending";
    this.stop.disabled = this.stopping !== null;
    setText(this.pause, paused ? "Resume" : "Pause");
    setText(this.stop, this.stopping ? "Stopping …" : "Stop");
  }
}

function sectionsOf(status) {
  if (!status.sections_total) return "";
  return `section ${status.sections_done} of ${status.sections_total} done`;
}

function numbersOf(status, ended) {
  const parts = [];
  if (status.sections_total) parts.push(`${status.sections_done} of ${status.sections_total} sections`);
  if (status.words) parts.push(`${status.words.toLocaleString("en")} words`);
  if (!ended && status.words_per_s) parts.push(`${Math.round(status.words_per_s)} words/s`);
  if (!ended && status.eta_s) parts.push(`about ${durationOf(status.eta_s)} left`);
  if (ended && status.elapsed_s >= 1) parts.push(`in ${durationOf(status.elapsed_s)}`);
  return parts.join(" · ");
}

function durationOf(seconds) {
  if (seconds < 90) return `${Math.max(Math.round(seconds), 1)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

// A function, so that each model gets a story of its own.
export default () => {
  let story;
  return {
    initialize({ model }) {
      story = new Story(model);
      story.open();
    },
    render({ el }) {
      const view = new View(story, el);
      view.paint();
      story.enter(view);
      return () => {
        story.leave(view);
        view.close();
      };
    },
  };
};
