#include "gradus/report/sections.h"

namespace gradus {

// Comfort only: values under the pointer, copy buttons, the present part in the navigation. Text reaches the page
// through textContent alone.
const std::string& page_script() {
  static const std::string script = R"js(
(() => {
const tip = document.createElement('div');
tip.className = 'tip';
tip.setAttribute('role', 'status');
tip.hidden = true;
document.body.append(tip);

const make = (name, attributes, parent) => {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  parent.append(node);
  return node;
};
const show = (lines, x, y) => {
  tip.replaceChildren(...lines.map(([text, color, strong]) => {
    const line = document.createElement('div');
    if (color) {
      const dot = document.createElement('i');
      dot.style.background = color;
      line.append(dot);
    }
    const body = document.createElement(strong ? 'b' : 'span');
    body.textContent = text;
    line.append(body);
    return line;
  }));
  tip.hidden = false;
  const box = tip.getBoundingClientRect(), room = document.documentElement.clientWidth;
  let left = x + 14;
  if (left + box.width > room - 4) left = x - box.width - 14;
  tip.style.left = Math.max(4, left) + window.scrollX + 'px';
  tip.style.top = Math.max(4, y - box.height - 12) + window.scrollY + 'px';
};
const numbers = text => text ? text.split(' ').map(Number) : [];
const pointer = (svg, event) => {
  const box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
  return [(event.clientX - box.left) * view.width / box.width, (event.clientY - box.top) * view.height / box.height];
};

for (const svg of document.querySelectorAll('svg[data-area]')) {
  const [left, top, width, height] = numbers(svg.dataset.area);
  const axis = text => {
    const [low, high, log] = numbers(text);
    return v => log ? Math.log(v / low) / Math.log(high / low) : (v - low) / (high - low);
  };
  const atX = axis(svg.dataset.x), atY = axis(svg.dataset.y);
  const names = svg.dataset.names ? svg.dataset.names.split('\n') : [];
  const series = [...svg.querySelectorAll('[data-v]')].map(path => {
    const v = numbers(path.dataset.v), u = numbers(path.dataset.u);
    return {path, v, u: u.length === 1 && v.length > 1 ? v.map((_, i) => u[0] + i) : u};
  }).filter(s => s.u.length);
  if (!series.length) continue;
  const xs = [...new Set(series.flatMap(s => s.u))].sort((a, b) => a - b);
  const guide = make('path', {class: 'guide'}, svg);
  const dots = series.map(s => make('circle', {r: 3.6, fill: getComputedStyle(s.path).stroke}, svg));
  const hide = () => {
    tip.hidden = true;
    guide.removeAttribute('d');
    for (const dot of dots) dot.setAttribute('visibility', 'hidden');
  };
  let current = 0;
  const select = index => {
    current = Math.min(Math.max(index, 0), xs.length - 1);
    const x = xs[current], px = left + atX(x) * width, name = names[x] ?? svg.dataset.label + ' ' + +x.toPrecision(6);
    const lines = [[name, '', true]];
    let highest = top + height;
    series.forEach((s, i) => {
      let k = s.u.indexOf(x);
      if (k < 0) s.u.forEach((u, j) => { if (k < 0 || Math.abs(u - x) < Math.abs(s.u[k] - x)) k = j; });
      const v = s.v[k], py = top + (1 - atY(v)) * height, inside = py >= top && py <= top + height;
      lines.push([s.path.dataset.name + '  ' + (Number.isFinite(v) ? v : 'not a number'),
                  getComputedStyle(s.path).stroke]);
      dots[i].setAttribute('visibility', inside ? 'visible' : 'hidden');
      if (!inside) return;
      dots[i].setAttribute('cx', left + atX(s.u[k]) * width);
      dots[i].setAttribute('cy', py);
      highest = Math.min(highest, py);
    });
    guide.setAttribute('d', `M${px} ${top}v${height}`);
    const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width;
    show(lines, box.left + px * scale, box.top + highest * scale);
  };
  const follow = event => {
    const [x] = pointer(svg, event);
    let best = 0;
    xs.forEach((v, i) => {
      if (Math.abs(left + atX(v) * width - x) < Math.abs(left + atX(xs[best]) * width - x)) best = i;
    });
    select(best);
  };
  hide();
  svg.addEventListener('pointermove', follow);
  svg.addEventListener('pointerdown', follow);
  svg.addEventListener('pointerleave', hide);
  svg.tabIndex = 0;
  svg.addEventListener('blur', hide);
  svg.addEventListener('keydown', event => {
    const step = {ArrowLeft: -1, ArrowRight: 1, Home: -xs.length, End: xs.length}[event.key];
    if (event.key === 'Escape') hide();
    if (!step) return;
    event.preventDefault();
    select(current + step);
  });
}

for (const svg of document.querySelectorAll('svg[data-heat]')) {
  const [left, top, cell, rows, columns] = numbers(svg.dataset.heat);
  const rowNames = svg.dataset.rows.split('\n');
  const columnNames = svg.dataset.columns ? svg.dataset.columns.split('\n') : rowNames;
  const [rowAxis, columnAxis] = svg.dataset.axes.split('\n');
  const cells = new Map(), flat = numbers(svg.dataset.cells);
  for (let i = 0; i < flat.length; i += 3) cells.set(flat[i] * columns + flat[i + 1], flat[i + 2]);
  const total = row => {
    let sum = 0;
    for (let c = 0; c < columns; ++c) sum += cells.get(row * columns + c) || 0;
    return sum;
  };
  const frame = make('rect', {width: cell, height: cell, class: 'guide', visibility: 'hidden'}, svg);
  const hide = () => {
    tip.hidden = true;
    frame.setAttribute('visibility', 'hidden');
  };
  const follow = event => {
    const [x, y] = pointer(svg, event), c = Math.floor((x - left) / cell), r = Math.floor((y - top) / cell);
    if (c < 0 || r < 0 || c >= columns || r >= rows) return hide();
    frame.setAttribute('x', left + c * cell);
    frame.setAttribute('y', top + r * cell);
    frame.setAttribute('visibility', 'visible');
    const value = cells.get(r * columns + c) || 0, sum = total(r), counts = svg.dataset.counts !== undefined;
    const share = counts && sum > 0 ? ` (${(100 * value / sum).toFixed(1)} % of the row)` : '';
    show([[`${rowAxis} ${rowNames[r]}`.trim()], [`${columnAxis} ${columnNames[c]}`.trim()], [value + share, '', true]],
         event.clientX, event.clientY);
  };
  svg.addEventListener('pointermove', follow);
  svg.addEventListener('pointerdown', follow);
  svg.addEventListener('pointerleave', hide);
}

for (const pre of navigator.clipboard ? document.querySelectorAll('pre') : []) {
  const frame = document.createElement('div'), button = document.createElement('button');
  frame.className = 'code';
  button.className = 'copy';
  button.type = 'button';
  button.textContent = 'Copy';
  pre.before(frame);
  frame.append(pre, button);
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(pre.textContent);
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
}

const links = new Map([...document.querySelectorAll('nav a')].map(a => [a.hash.slice(1), a]));
const seen = new IntersectionObserver(entries => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    for (const link of links.values()) link.classList.remove('here');
    links.get(entry.target.id)?.classList.add('here');
  }
}, {rootMargin: '-30% 0px -65% 0px'});
for (const id of links.keys()) seen.observe(document.getElementById(id));
})();
)js";
  return script;
}

}  // namespace gradus
