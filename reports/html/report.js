// Draws the charts out of the page's own data. Everything else on the page is there without it.
(function () {
  'use strict';
  const data = JSON.parse(document.getElementById('chart-data').textContent);
  const root = document.documentElement;
  const charts = [];
  // The success rate's plot has three rows of labels above its 100 %, so that no label hides a number.
  const LABEL_ROW = 17, SHARE_HEIGHT = 180, SHARE_TOP = 106 + 110 * 3 * LABEL_ROW / (SHARE_HEIGHT - 20 - 3 * LABEL_ROW);
  let window_ = data.focus;
  let following = false;
  let printing = false;

  const colour = (name) => getComputedStyle(root).getPropertyValue('--' + name).trim();
  const kinds = { 'down': 'shade-down', 'brown-out': 'shade-brown', 'recovered': 'shade-recovered', 'blind': 'shade-blind' };

  // Rows for a step plot: each bin's values hold until the next bin begins, the last one until the end.
  function rows(series, names) {
    const all = series.x.map((x, i) => [x].concat(names.map((name) => series[name][i])));
    if (all.length) all.push([series.end].concat(all[all.length - 1].slice(1)));
    return all;
  }

  function hatch(context, area, left, right) {
    context.save();
    context.beginPath();
    context.rect(left, area.y, right - left, area.h);
    context.clip();
    context.strokeStyle = colour('bad');
    context.globalAlpha = 0.35;
    context.beginPath();
    for (let x = left - area.h; x < right; x += 8) {
      context.moveTo(x, area.y + area.h);
      context.lineTo(x + area.h, area.y);
    }
    context.stroke();
    context.restore();
  }

  function label(context, area, x, row, text) {
    context.font = '12px system-ui, sans-serif';
    const width = context.measureText(text).width + 8;
    const left = Math.max(area.x, Math.min(x + 4, area.x + area.w - width));
    const top = area.y + 1 + row * LABEL_ROW;
    context.fillStyle = colour('text');
    context.textBaseline = 'middle';
    context.fillText(text, left, top + LABEL_ROW / 2);
  }

  function underlay(series, labelled) {
    return function (context, area, graph) {
      const inside = (x) => x >= area.x - 1 && x <= area.x + area.w + 1;
      const clamp = (x) => Math.max(area.x, Math.min(area.x + area.w, x));
      const texts = [];
      context.save();
      for (const band of series.bands) {
        const left = clamp(graph.toDomXCoord(band.from));
        const right = clamp(graph.toDomXCoord(band.to));
        if (right <= left && !inside(graph.toDomXCoord(band.from))) continue;
        const width = Math.max(1.5, right - left);
        context.fillStyle = colour(kinds[band.kind]);
        context.fillRect(left, area.y, width, area.h);
        if (band.kind === 'down') hatch(context, area, left, left + width);
        if (right > left) texts.push([left, band.kind === 'recovered' ? 2 : 1, band.label]);
      }
      context.strokeStyle = colour('broken');
      context.lineWidth = 1.5;
      for (const mark of data.marks) {
        const x = graph.toDomXCoord(mark.at);
        if (!inside(x)) continue;
        context.beginPath();
        context.moveTo(x, area.y);
        context.lineTo(x, area.y + area.h);
        context.stroke();
        texts.push([x, 0, mark.label]);
      }
      if (labelled) {
        const taken = [-Infinity, -Infinity, -Infinity];  // the right edge of the last label in each row
        texts.sort((a, b) => a[0] - b[0]);
        for (const [x, row, text] of texts) {
          const width = context.measureText(text).width + 14;
          if (x < taken[row]) continue;
          taken[row] = x + width;
          label(context, area, x, row, text);
        }
      } else if (series.limit_ms > 0) {
        const y = graph.toDomYCoord(series.limit_ms);
        if (y > area.y && y < area.y + area.h) {
          context.strokeStyle = colour('muted');
          context.lineWidth = 1;
          context.setLineDash([4, 4]);
          context.beginPath();
          context.moveTo(area.x, y);
          context.lineTo(area.x + area.w, y);
          context.stroke();
        }
      }
      context.restore();
    };
  }

  function follow(graph, initial) {
    if (initial || following) return;
    following = true;
    window_ = graph.xAxisRange();
    for (const other of charts) {
      if (other !== graph) other.updateOptions({ dateWindow: window_ });
    }
    following = false;
    press(null);
  }

  // Milliseconds as people read them, in a scale that goes over five decades.
  function latency(value) {
    if (value >= 1000) return (value / 1000).toPrecision(3).replace(/\.?0+$/, '') + ' s';
    return (value >= 100 ? value.toFixed(0) : value >= 1 ? String(+value.toFixed(1)) : String(+value.toFixed(2))) + ' ms';
  }

  function legend(title, unit) {
    return function (info) {
      const parts = ['<span>' + title + '</span>'];
      if (info.x !== undefined) parts.push('<b>' + (info.x >= 0 ? '+' : '−') + Math.abs(info.x).toFixed(2) + ' s</b>');
      for (const line of info.series) {
        const style = line.label === 'p99' ? ' thin' : line.label === 'max' ? ' dotted' : '';
        const value = line.y === undefined || line.y === null ? '' : ' <b>' + unit(line.y) + '</b>';
        parts.push('<span><span class="key' + style + '" style="border-color:' + line.color + '"></span>' + line.label + value + '</span>');
      }
      return parts.join('');
    };
  }

  function axis_colours() {
    return { axisLineColor: colour('muted'), gridLineColor: colour('rule') };
  }

  // Without its touch handlers, so that a finger on a chart still scrolls the page.
  function mouse_only() {
    const model = {};
    for (const name of ['mousedown', 'mousemove', 'mouseup', 'mouseout', 'dblclick']) {
      const handler = Dygraph.defaultInteractionModel[name];
      if (handler) model[name] = handler;
    }
    return model;
  }

  function plot(box, height, table, options) {
    const lines = document.createElement('div');
    lines.className = 'legend';
    const place = document.createElement('div');
    place.className = 'plot';
    place.style.height = height + 'px';
    box.append(lines, place);
    const graph = new Dygraph(place, table, Object.assign({
      labelsDiv: lines, legend: 'always', stepPlot: true, connectSeparatedPoints: false, dateWindow: window_,
      drawCallback: follow, interactionModel: mouse_only(), rightGap: 8, pixelRatio: printing ? 3 : null, highlightCircleSize: 3, xRangePad: 0,
    }, axis_colours(), options));
    charts.push(graph);
  }

  const seconds = (value) => String(+value.toFixed(3));
  const x_axis = { axisLabelFormatter: seconds, valueFormatter: seconds, pixelsPerLabel: 60 };

  function draw(box, series) {
    plot(box, SHARE_HEIGHT, rows(series, ['good']), {
      labels: ['s', 'good operations'], colors: [colour('line-main')], fillGraph: true, fillAlpha: 0.12, strokeWidth: 1.5,
      valueRange: [-4, SHARE_TOP], legendFormatter: legend('Success rate', (y) => y.toFixed(1) + ' %'), underlayCallback: underlay(series, true),
      axes: { x: x_axis, y: { axisLabelWidth: 56, axisLabelFormatter: (y) => y + ' %', ticker: () => [0, 50, 100].map((v) => ({ v: v, label: v + ' %' })) } },
    });
    plot(box, 150, rows(series, ['p50', 'p99', 'max']), {
      labels: ['s', 'p50', 'p99', 'max'], colors: [colour('line-main'), colour('line-second'), colour('line-third')], logscale: true,
      series: { p50: { strokeWidth: 2 }, p99: { strokeWidth: 1 }, max: { strokeWidth: 1, strokePattern: [2, 3] } },
      legendFormatter: legend('Latency of what succeeded', latency), underlayCallback: underlay(series, false),
      axes: { x: x_axis, y: { axisLabelWidth: 56, axisLabelFormatter: latency } },
    });
  }

  function press(pressed) {
    for (const button of document.querySelectorAll('[data-zoom]'))
      button.setAttribute('aria-pressed', String(button.dataset.zoom === pressed));
  }

  function zoom(which) {
    window_ = data[which];
    following = true;
    for (const graph of charts) graph.updateOptions({ dateWindow: window_ });
    following = false;
    press(which);
  }

  function build() {
    charts.splice(0).forEach((graph) => graph.destroy());
    for (const box of document.querySelectorAll('[data-chart]')) {
      const series = data.charts[Number(box.dataset.chart)];
      box.replaceChildren();
      if (series && series.x.length) draw(box, series);
      else box.textContent = 'Nothing was recorded of this.';
    }
  }

  for (const button of document.querySelectorAll('[data-zoom]')) button.addEventListener('click', () => zoom(button.dataset.zoom));
  if (data.charts.length) document.querySelector('.buttons').hidden = false;
  build();
  press('focus');
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', build);

  // A canvas drawn just before printing comes out blank in Chromium's PDF; an image of it does not.
  function freeze() {
    for (const canvas of document.querySelectorAll('.plot canvas')) {
      const picture = document.createElement('img');
      picture.alt = '';
      picture.style.cssText = canvas.style.cssText;
      picture.src = canvas.toDataURL();
      canvas.replaceWith(picture);
    }
  }

  function paper(on) {
    printing = on;
    root.classList.toggle('printing', on);
    for (const box of document.querySelectorAll('.chart')) box.style.width = on ? '175mm' : '';
    build();
    if (on) freeze();
  }
  addEventListener('beforeprint', () => paper(true));
  addEventListener('afterprint', () => paper(false));
})();
