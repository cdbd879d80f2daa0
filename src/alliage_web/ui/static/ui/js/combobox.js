/* An input that suggests, after the ARIA combobox pattern with a list.
   The endpoint answers {"results": [{"value", "label", "detail"?, "href"?}]}. */

const DELAY = 180;
let counter = 0;

class Combobox {
  constructor(root) {
    this.root = root;
    this.input = root.querySelector(".combobox__input");
    this.hidden = root.querySelector("input[type=hidden]");
    // Here the chosen value is emptied when another text is typed: the server need not compare.
    root.querySelector("[data-shown]")?.remove();
    this.items = [];
    this.active = -1;
    this.list = document.createElement("ul");
    this.list.className = "combobox__list";
    this.list.id = `combobox-${++counter}`;
    this.list.setAttribute("role", "listbox");
    const label = this.input.labels?.[0]?.textContent.trim();
    if (label) this.list.setAttribute("aria-label", label);
    this.list.hidden = true;
    this.status = document.createElement("p");
    this.status.className = "visually-hidden";
    this.status.setAttribute("role", "status");
    root.append(this.list, this.status);
    const { input } = this;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", this.list.id);
    input.addEventListener("input", () => this.typed());
    input.addEventListener("keydown", (event) => this.pressed(event));
    input.addEventListener("blur", () => this.close());
    // The press must not take the focus from the input before the click chooses.
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.choose(Number(option.dataset.rank));
    });
  }

  typed() {
    if (this.hidden) this.hidden.value = "";
    clearTimeout(this.timer);
    const text = this.input.value.trim();
    if (text.length < 2) return this.close();
    this.timer = setTimeout(() => this.fetch(text), DELAY);
    return undefined;
  }

  async fetch(text) {
    this.request?.abort();
    this.request = new AbortController();
    const url = new URL(this.root.dataset.endpoint, location.href);
    url.searchParams.set("q", text);
    try {
      const response = await fetch(url, { signal: this.request.signal, headers: { Accept: "application/json" } });
      if (!response.ok) return;
      this.show((await response.json()).results);
    } catch (error) {
      // The network is down or a newer text was typed: the plain input remains.
      if (error.name !== "AbortError") this.close();
    }
  }

  show(items) {
    this.items = items;
    this.active = -1;
    this.list.replaceChildren(...items.map((item, rank) => this.option(item, rank)));
    if (!items.length) {
      const none = document.createElement("li");
      none.className = "combobox__none";
      none.textContent = this.root.dataset.none;
      this.list.append(none);
    }
    this.status.textContent = items.length ? `${items.length} ${this.root.dataset.count}` : this.root.dataset.none;
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.input.removeAttribute("aria-activedescendant");
  }

  option(item, rank) {
    const line = document.createElement("li");
    line.id = `${this.list.id}-${rank}`;
    line.className = "combobox__option";
    line.dataset.rank = rank;
    line.setAttribute("role", "option");
    line.setAttribute("aria-selected", "false");
    const label = document.createElement("span");
    label.textContent = item.label;
    line.append(label);
    if (item.detail) {
      const detail = document.createElement("span");
      detail.className = "combobox__detail";
      detail.textContent = item.detail;
      line.append(" ", detail);
    }
    return line;
  }

  pressed(event) {
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (open) this.move(event.key === "ArrowDown" ? 1 : -1);
      else if (this.input.value.trim().length > 1) this.fetch(this.input.value.trim());
    } else if (event.key === "Enter" && open && this.active >= 0) {
      event.preventDefault();
      this.choose(this.active);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }

  move(step) {
    const count = this.items.length;
    if (!count) return;
    this.active = this.active < 0 && step < 0 ? count - 1 : (this.active + step + count) % count;
    for (const [rank, option] of [...this.list.children].entries()) {
      option.setAttribute("aria-selected", String(rank === this.active));
    }
    const current = this.list.children[this.active];
    this.input.setAttribute("aria-activedescendant", current.id);
    current.scrollIntoView({ block: "nearest" });
  }

  choose(rank) {
    const item = this.items[rank];
    this.close();
    if ("navigate" in this.root.dataset && item.href) {
      location.assign(item.href);
      return;
    }
    this.input.value = item.label;
    if (this.hidden) {
      this.hidden.value = item.value;
      this.hidden.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.list.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}

const seen = new WeakSet();

function start(scope) {
  for (const root of scope.querySelectorAll("[data-combobox]")) {
    if (seen.has(root)) continue;
    seen.add(root);
    new Combobox(root);
  }
}

start(document);
document.addEventListener("htmx:load", (event) => start(event.detail.elt));
