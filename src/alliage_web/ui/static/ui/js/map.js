/* Pan, zoom and tooltips of a map. Only the viewBox changes; without this the map is whole. */

const DEEPEST = 24;
const STEP = 1.6;
const SIGN = 23; // the side of a sign, in units of the plane
const NAME = 14; // the height of a name, in pixels

class MapView {
  constructor(frame) {
    this.frame = frame;
    this.svg = frame.querySelector("svg");
    this.whole = this.svg.getAttribute("viewBox").split(" ").map(Number);
    this.box = [...this.whole];
    this.pointers = new Map();
    const names = this.svg.querySelector(".map__names");
    this.nameSize = names ? Number(names.getAttribute("font-size")) : 0;
    this.controls();
    this.keyboard();
    this.gestures();
    this.tooltip();
    new ResizeObserver(() => this.resize()).observe(this.svg);
  }

  get zoom() {
    return this.whole[2] / this.box[2];
  }

  /* Show a box, kept inside the whole. */
  show([x, y, width]) {
    const [left, top, full, high] = this.whole;
    const w = Math.min(Math.max(width, full / DEEPEST), full);
    const h = (w * high) / full;
    this.box = [
      Math.min(Math.max(x, left), left + full - w),
      Math.min(Math.max(y, top), top + high - h),
      w,
      h,
    ];
    this.svg.setAttribute("viewBox", this.box.map((side) => side.toFixed(2)).join(" "));
    this.svg.classList.toggle("is-zoomed", this.zoom > 1.01);
    this.resize();
    this.hideTip();
  }

  /* Signs and names keep their size on the screen, so that close ones come apart. */
  resize() {
    const width = this.svg.clientWidth;
    const scale = this.svg.getScreenCTM()?.a;
    if (!width || !scale) return;
    const sign = Math.min(12 + width / 80, 22) * this.zoom ** 0.2;
    this.svg.style.setProperty("--sign", (sign / (SIGN * scale)).toFixed(3));
    if (this.nameSize) this.svg.style.setProperty("--names", (NAME / (this.nameSize * scale)).toFixed(3));
  }

  zoomBy(factor, at) {
    const [x, y, w, h] = this.box;
    const [cx, cy] = at ?? [x + w / 2, y + h / 2];
    const width = Math.min(Math.max(w / factor, this.whole[2] / DEEPEST), this.whole[2]);
    const scale = width / w;
    this.show([cx - (cx - x) * scale, cy - (cy - y) * scale, width, h * scale]);
  }

  panBy(dx, dy) {
    const [x, y, w, h] = this.box;
    this.show([x + dx * w, y + dy * h, w, h]);
  }

  /* The point of the plane under the pointer. */
  at(event) {
    const matrix = this.svg.getScreenCTM().inverse();
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    return [point.x, point.y];
  }

  controls() {
    const { labelIn, labelOut, labelReset } = this.frame.dataset;
    const bar = document.createElement("div");
    bar.className = "map__controls";
    for (const [sign, label, action] of [
      ["+", labelIn, () => this.zoomBy(STEP)],
      ["−", labelOut, () => this.zoomBy(1 / STEP)],
      ["⟲", labelReset, () => this.show(this.whole)],
    ]) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "map__control";
      button.setAttribute("aria-label", label);
      button.title = label;
      button.textContent = sign;
      button.addEventListener("click", action);
      bar.append(button);
    }
    this.frame.append(bar);
  }

  keyboard() {
    const moves = {
      ArrowLeft: [-0.15, 0],
      ArrowRight: [0.15, 0],
      ArrowUp: [0, -0.15],
      ArrowDown: [0, 0.15],
    };
    this.svg.setAttribute("tabindex", "0");
    this.svg.setAttribute("aria-description", this.frame.dataset.labelHelp);
    this.svg.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "+" || event.key === "=") this.zoomBy(STEP);
      else if (event.key === "-") this.zoomBy(1 / STEP);
      else if (event.key === "0") this.show(this.whole);
      else if (moves[event.key] && this.zoom > 1.01) this.panBy(...moves[event.key]);
      else return;
      event.preventDefault();
    });
    // A focused link is brought into view.
    this.svg.addEventListener("focusin", (event) => {
      if (event.target === this.svg || this.zoom < 1.01) return;
      const { x, y, width, height } = event.target.getBBox();
      const [left, top, w, h] = this.box;
      const [cx, cy] = [x + width / 2, y + height / 2];
      if (cx < left || cx > left + w || cy < top || cy > top + h) {
        this.show([cx - w / 2, cy - h / 2, w, h]);
      }
    });
  }

  gestures() {
    const { svg } = this;
    svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoomBy(event.deltaY < 0 ? 1.25 : 0.8, this.at(event));
    }, { passive: false });
    svg.addEventListener("dragstart", (event) => event.preventDefault());
    svg.addEventListener("pointerdown", (event) => {
      this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
      this.moved = 0;
    });
    svg.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      svg.addEventListener(end, (event) => this.pointers.delete(event.pointerId));
    }
    // The end of a drag is not a click on what lies under it.
    svg.addEventListener("click", (event) => {
      if (this.moved > 6) {
        event.preventDefault();
        event.stopPropagation();
      }
    }, true);
  }

  drag(event) {
    const last = this.pointers.get(event.pointerId);
    if (!last) return;
    const now = [event.clientX, event.clientY];
    if (this.pointers.size === 2) {
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)[1];
      const spread = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
      const middle = { clientX: (now[0] + other[0]) / 2, clientY: (now[1] + other[1]) / 2 };
      this.zoomBy(spread(now) / spread(last), this.at(middle));
    } else if (this.zoom > 1.01) {
      const { width, height } = this.svg.getBoundingClientRect();
      this.panBy((last[0] - now[0]) / width, (last[1] - now[1]) / height);
    }
    this.moved += Math.hypot(now[0] - last[0], now[1] - last[1]);
    this.pointers.set(event.pointerId, now);
  }

  tooltip() {
    this.tip = document.createElement("p");
    this.tip.className = "map__tip";
    this.tip.setAttribute("aria-hidden", "true");
    this.tip.hidden = true;
    this.frame.append(this.tip);
    // The titles would show a second, slower tooltip: their text becomes the name of the mark.
    for (const title of this.svg.querySelectorAll("title")) {
      title.parentElement.setAttribute("aria-label", title.textContent);
      title.remove();
    }
    const over = (event) => {
      const target = event.target.closest(".map__area, .map__point");
      if (target) this.showTip(target);
      else this.hideTip();
    };
    this.svg.addEventListener("pointerover", over);
    this.svg.addEventListener("focusin", over);
    this.svg.addEventListener("pointerleave", () => this.hideTip());
    this.svg.addEventListener("focusout", () => this.hideTip());
    this.frame.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.hideTip();
    });
  }

  showTip(target) {
    this.tip.textContent = target.getAttribute("aria-label");
    this.tip.hidden = false;
    const frame = this.frame.getBoundingClientRect();
    const mark = target.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.tip;
    const left = mark.left + mark.width / 2 - frame.left - width / 2;
    const above = mark.top - frame.top - height - 8;
    // Setting a property of the style object is allowed by the policy; a style attribute is not.
    this.tip.style.left = `${Math.min(Math.max(left, 0), frame.width - width)}px`;
    this.tip.style.top = `${above < 0 ? mark.bottom - frame.top + 8 : above}px`;
  }

  hideTip() {
    if (this.tip) this.tip.hidden = true;
  }
}

const seen = new WeakSet();

function start(scope) {
  for (const frame of scope.querySelectorAll("[data-map]")) {
    if (seen.has(frame)) continue;
    seen.add(frame);
    new MapView(frame);
  }
}

start(document);
document.addEventListener("htmx:load", (event) => start(event.detail.elt));
