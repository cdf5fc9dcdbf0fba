/* What if: six levers, and what a start is worth under them. The arithmetic is that of
   evalkit/economics/what_if/revaluation.py; a test holds the two together. */
(function () {
  "use strict";
  var root = document.querySelector(".what-if[data-levers]");
  if (!root) { return; }
  var told = JSON.parse(root.getAttribute("data-levers"));
  var rules = told.rules, written = told.written, words = told.words;
  var DISTRICT = 0, PURSE = 1, SOCIETY = 2, OBSERVED = 0, TOTAL = 1;
  var PAYERS = ["district", "public_purse", "society"], SHAPES = ["square", "circle", "diamond"];
  var YEAR = 12, LEVEL = 1e-12, CONF_LEVEL = 0.95;
  var levers = told.levers.map(unpacked);

  /* ---- reading the draws */

  function unpacked(record) {
    var bytes = atob(record.block), at = 0, held = 0, kept = 0, before = [];
    function bits(count) {
      while (kept < count) { held = held * 256 + bytes.charCodeAt(at++); kept += 8; }
      var low = Math.pow(2, kept - count), number = Math.floor(held / low);
      held -= number * low;
      kept -= count;
      return number;
    }
    function next() {
      var told = record.columns[before.length], numbers = told[2] < 0 ? before[told[0]] : new Float64Array(told[3]);
      for (var k = 0; told[2] >= 0 && k < numbers.length; k++) { numbers[k] = told[2] ? (told[1] + bits(told[2])) * told[0] : told[0]; }
      before.push(numbers);
      return numbers;
    }
    /* What each draw has once, the estimate first. */
    function once(place) {
      var draws = next(), all = new Float64Array(draws.length + 1);
      all[0] = record.once[place];
      all.set(draws, 1);
      return all;
    }
    function streams() { return { rest: [next(), next(), next()], programme: next(), displaceable: next() }; }
    var months = streams(), periods = record.ends.map(streams);
    record.months = months;
    record.years = {
      rest: PAYERS.map(function (_, payer) {
        return byYear(record.ends, months.rest[payer], periods.map(function (period) { return period.rest[payer]; }));
      }),
      programme: byYear(record.ends, months.programme, periods.map(function (period) { return period.programme; })),
      displaceable: byYear(record.ends, months.displaceable, periods.map(function (period) { return period.displaceable; }))
    };
    record.share = once(0);
    record.programme = [once(1), once(2), new Float64Array(record.share.length).fill(1)];
    record.displaced = [once(3), once(4), once(5)];
    record.rate = once(6);
    record.halfLife = record.once.length > 7 ? once(7) : null;
    record.base = {};
    return record;
  }

  /* Periods of a stream, the estimate before the draws. */
  function byYear(ends, months, periods) {
    return periods.map(function (draws, period) {
      var all = new Float64Array(draws.length + 1), month;
      all.set(draws, 1);
      for (month = period ? ends[period - 1] + 1 : 0; month <= ends[period]; month++) { all[0] += months[month]; }
      return all;
    });
  }

  /* ---- what a start is worth */

  function rateRatio(lever, state) { return (1 + lever.state.discount_rate) / (1 + state.discount_rate); }

  function relativePrice(lever, state) {
    return state.price === null || !lever.state.price ? 1 : state.price / lever.state.price;
  }

  function displacedShare(lever, state, draw) {
    var page = lever.state.displaced_share, drawn = lever.share[draw];
    var moved = page > 0 ? drawn * (state.displaced_share / page) : drawn + state.displaced_share;
    return Math.min(moved, Math.max(drawn, 1));
  }

  /* All projected months together, per unit of the first as the page has it. */
  function projected(lever, state, draw, months) {
    if (!lever.halfLife) { return 0; }
    var ratio = rateRatio(lever, state), page = lever.halfLife[draw];
    var halving = state.half_life === lever.state.half_life ? page : page * (state.half_life / lever.state.half_life);
    var later = Math.pow((1 + lever.rate[draw]) / ratio, -1 / YEAR);
    var monthly = Math.pow(2, -1 / halving) * later;
    var first = Math.pow(2, 1 / page - 1 / halving) * Math.pow(ratio, (lever.followed + 0.5) / YEAR);
    return first * (Math.abs(1 - monthly) < LEVEL ? months : (1 - Math.pow(monthly, months)) / (1 - monthly));
  }

  function addedUp(lever, state, byMonth, years, scale, later) {
    var until = Math.min(state.horizon_months, lever.followed), ratio = rateRatio(lever, state);
    var exact = 0, month, sums = new Float64Array(years[0].length), before = 0, draw;
    for (month = 0; month <= until; month++) { exact += byMonth[month] * Math.pow(ratio, Math.max(month - 0.5, 0) / YEAR); }
    lever.ends.forEach(function (end, period) {
      if (end > until) { return; }
      var weight = Math.pow(ratio, (before + end) / 2 / YEAR);
      for (draw = 0; draw < sums.length; draw++) { sums[draw] += years[period][draw] * weight; }
      before = end;
    });
    var missed = exact - sums[0], last = years[years.length - 1];
    for (draw = 0; draw < sums.length; draw++) {
      sums[draw] += missed * (scale ? scale[draw] : 1) + (later ? last[draw] * later[draw] : 0);
    }
    return sums;
  }

  function worth(lever, state) {
    var draws = lever.share.length, months = lever.months, years = lever.years, later = null, draw;
    var beyond = state.horizon_months - lever.followed, filled = new Float64Array(draws).fill(1);
    if (beyond > 0) {
      later = new Float64Array(draws);
      for (draw = 0; draw < draws; draw++) { later[draw] = projected(lever, state, draw, beyond); }
    }
    if (years.programme[0][0]) {
      for (draw = 0; draw < draws; draw++) { filled[draw] = years.programme[0][draw] / years.programme[0][0]; }
    }
    var programme = addedUp(lever, state, months.programme, years.programme, filled, later);
    var displaceable = addedUp(lever, state, months.displaceable, years.displaceable, null, later);
    var price = relativePrice(lever, state);
    return PAYERS.map(function (_, payer) {
      var sums = addedUp(lever, state, months.rest[payer], years.rest[payer], null, later);
      for (draw = 0; draw < draws; draw++) {
        sums[draw] += displacedShare(lever, state, draw) * lever.displaced[payer][draw] * displaceable[draw] -
          price * lever.programme[payer][draw] * programme[draw];
      }
      return sums;
    });
  }

  /* ---- ranges and probabilities, as evalkit/draws.py has them */

  function limits(ordered, independent) {
    var tail = (1 - CONF_LEVEL) / 2, share = Math.max((tail * (independent + 1) - 0.5) / independent, 0);
    return [share, 1 - share].map(function (part) {
      var place = Math.min(Math.max(part * ordered.length - 0.5, 0), ordered.length - 1), below = Math.floor(place);
      var above = Math.min(below + 1, ordered.length - 1);
      return ordered[below] + (ordered[above] - ordered[below]) * (place - below);
    });
  }

  function aboveZero(ordered, independent) {
    var below = 0, count = ordered.length, place;
    while (below < count && ordered[below] <= 0) { below++; }
    if (below > 0 && below < count) {
      place = below - ordered[below - 1] / (ordered[below] - ordered[below - 1]);
    } else { place = below + 0.5; }
    return 1 - ((place - 0.5) / count * independent + 0.5) / (independent + 1);
  }

  function summary(lever, draws) {
    var ordered = draws.slice(1).sort();
    var ends = limits(ordered, lever.independent);
    return { estimate: draws[0], low: ends[0], high: ends[1], likely: aboveZero(ordered, lever.independent) };
  }

  /* What the page itself rests on, up to a horizon; the same for all states. */
  function ofPage(lever, months) {
    if (!lever.base[months]) {
      var drawn = worth(lever, Object.assign({}, lever.state, { horizon_months: months }));
      lever.base[months] = { drawn: drawn, told: drawn.map(function (draws) { return summary(lever, draws); }) };
    }
    return lever.base[months];
  }

  /* As evalkit/disclosure/rounding.py: in twentieths of fewer than 100 people, else in hundredths. */
  function shownProbability(lever, likely) {
    var many = lever.people >= 100, parts = many ? 100 : 20, rounded = Math.round(likely * parts) / parts;
    return many ? rounded : Math.min(Math.max(rounded, 1 / parts), 1 - 1 / parts);
  }

  function moved(lever, payer, part, now) {
    var before = ofPage(lever, part === OBSERVED ? lever.followed : lever.state.horizon_months).told[payer];
    var shown = lever.published[payer][part], after = summary(lever, now);
    var ends = [shown[1] + (after.low - before.low), shown[2] + (after.high - before.high)].sort(function (a, b) { return a - b; });
    var likely = shown[3] + (after.likely - before.likely);
    return {
      estimate: shown[0] + (after.estimate - before.estimate), low: ends[0], high: ends[1],
      likely: shownProbability(lever, Math.min(Math.max(likely, 0), 1))
    };
  }

  /* ---- when the public purse has its money back */

  function purseByMonth(lever, state, horizon) {
    var ratio = rateRatio(lever, state), price = relativePrice(lever, state), share = displacedShare(lever, state, 0);
    var months = lever.months, sum = 0, curve = [], month, first;
    function at(index) {
      return months.rest[PURSE][index] - price * lever.programme[PURSE][0] * months.programme[index] +
        share * lever.displaced[PURSE][0] * months.displaceable[index];
    }
    for (month = 0; month <= Math.min(horizon, lever.followed); month++) {
      sum += at(month) * Math.pow(ratio, Math.max(month - 0.5, 0) / YEAR);
      curve.push(sum);
    }
    first = horizon > lever.followed ? at(lever.followed + 1) : 0;
    for (month = lever.followed + 1; month <= horizon; month++) {
      curve.push(sum + first * projected(lever, state, 0, month - lever.followed));
    }
    return curve;
  }

  function returnMonth(lever, state) {
    var horizon = state.horizon_months, now = purseByMonth(lever, state, horizon);
    var before = purseByMonth(lever, lever.state, horizon), last = lever.curve.length - 1, month = horizon;
    function gained(at) {
      var page = at <= last ? lever.curve[at] : lever.curve[last] + (before[at] - before[last]);
      return page + (now[at] - before[at]);
    }
    while (month >= 0 && gained(month) >= 0) { month--; }
    if (month === horizon) { return null; }
    if (!lever.shown) { return month + 1; }
    return Math.min(lever.shown.concat(horizon).filter(function (shown) { return shown > month; })[0], horizon);
  }

  /* ---- advice */

  function bandOf(likely) {
    if (Math.max(likely, 1 - likely) < rules.likely) { return "unclear"; }
    if (likely > 0.5) { return likely >= rules.sure ? "yes" : "probably"; }
    return 1 - likely >= rules.sure ? "no" : "probably_not";
  }

  function adviceFrom(society, purse, observed, both, trial) {
    var band = bandOf(society);
    if (band === "yes" || band === "probably") {
      return both && society >= rules.expand && purse >= rules.purse && observed >= rules.observed ? "expand" : "keep";
    }
    if (society <= rules.stop) { return "stop"; }
    var value = trial();
    if (value !== null && value > rules.trial) { return "try_out"; }
    return band === "unclear" ? "cannot_be_said" : "stop";
  }

  /* The part of a standard normal below -u, for u from 0 on. */
  function normalTail(u) {
    var density = Math.exp(-u * u / 2) / Math.sqrt(2 * Math.PI), sum = u, term = u, k;
    if (u < 4) {
      for (k = 3; Math.abs(term) > 1e-17 * sum; k += 2) { term *= u * u / k; sum += term; }
      return 0.5 - density * sum;
    }
    for (sum = 0, k = 60; k > 0; k--) { sum = k / (u + sum); }
    return density / (u + sum);
  }

  function sum(numbers, what) {
    var total = 0;
    for (var k = 0; k < numbers.length; k++) { total += what ? what(numbers[k], k) : numbers[k]; }
    return total;
  }

  /* As evalkit/economics/results/trial.py. */
  function bestTrial(lever, state, society) {
    if (!lever.starts || lever.between_persons === null) { return null; }
    var starts = lever.starts * (state.n_starts !== null && lever.state.n_starts ? state.n_starts / lever.state.n_starts : 1);
    var value = society.slice(1), count = value.length, gained = new Float64Array(count);
    lever.ends.forEach(function (end, period) {
      if (end > lever.followed) { return; }
      for (var k = 0; k < count; k++) { gained[k] += lever.years.displaceable[period][k + 1]; }
    });
    var mean = sum(value) / count, center = sum(gained) / count;
    var variance = sum(gained, function (x) { return (x - center) * (x - center); }) / (count - 1);
    var together = sum(gained, function (x, k) { return (x - center) * (value[k] - mean); }) / (count - 1);
    var ofMonth = Math.abs(together / variance), spread = ofMonth * Math.sqrt(variance), person = ofMonth * lever.between_persons;
    var aMonth = starts / YEAR, best = 0, persons, length, error, shift, u, loss;
    var most = Math.floor(2 * aMonth * (state.horizon_months - lever.followed));
    for (persons = 2; persons <= most; persons += 2) {
      length = Math.ceil(persons / 2 / aMonth) + lever.followed;
      error = 4 * person * person / persons;
      shift = spread === 0 ? 0 : spread * spread / Math.sqrt(spread * spread + error);
      u = Math.abs(mean) / shift;
      loss = shift ? Math.max(Math.exp(-u * u / 2) / Math.sqrt(2 * Math.PI) - u * normalTail(u), 0) : 0;
      best = Math.max(best, aMonth * Math.max(state.horizon_months - length, 0) * shift * loss - persons / 2 * Math.max(-mean, 0));
    }
    return best;
  }

  function trialWorth(lever, state, society) {
    var now = bestTrial(lever, state, society);
    if (now === null) { return lever.trial; }
    if (lever.trial === null) { return now; }
    return Math.max(lever.trial + (now - bestTrial(lever, lever.state, ofPage(lever, lever.state.horizon_months).drawn[SOCIETY])), 0);
  }

  function revalue(lever, state) {
    var part = state.horizon_months > lever.followed ? TOTAL : OBSERVED, drawn = worth(lever, state);
    var values = drawn.map(function (draws, payer) { return moved(lever, payer, part, draws); });
    var followed = Object.assign({}, state, { horizon_months: Math.min(state.horizon_months, lever.followed) });
    var observed = part === OBSERVED ? values[SOCIETY] : moved(lever, SOCIETY, OBSERVED, worth(lever, followed)[SOCIETY]);
    return {
      values: values,
      month: returnMonth(lever, state),
      year: state.n_starts === null ? null : values[SOCIETY].estimate * state.n_starts,
      advice: adviceFrom(values[SOCIETY].likely, values[PURSE].likely, observed.likely, lever.both, function () {
        return trialWorth(lever, state, drawn[SOCIETY]);
      })
    };
  }

  /* For tests: an intervention by its id, a state as the library has it. */
  root.revalue = function (id, state) {
    return revalue(levers.filter(function (lever) { return lever.id === id; })[0], state);
  };

  /* ---- numbers in words */

  function filled(text, values) {
    return text.replace(/\{(\w+)\}/g, function (_, name) { return values[name]; });
  }

  function digits(value, step) {
    var whole = Math.round(value / step) * step, decimals = step < 1 ? 1 : 0;
    var parts = Math.abs(whole).toFixed(decimals).split(".");
    parts[0] = parts[0].replace(/\B(?=(\d{3})+$)/g, written.signs[1]);
    return { text: parts.join(written.signs[0]), sign: Math.sign(whole) };
  }

  function stepOf(sizes) {
    var largest = Math.max.apply(null, sizes.map(Math.abs));
    return written.rounding.filter(function (rule) { return rule[0] === null || largest < rule[0]; })[0][1];
  }

  function money(value, step, isSigned) {
    var number = digits(value, step);
    return (number.sign < 0 ? written.signs[2] : isSigned && number.sign > 0 ? "+" : "") + written.money.replace("{number}", number.text);
  }

  function gain(value, step) {
    var number = digits(value, step);
    return (number.sign < 0 ? written.signs[2] : number.sign > 0 ? "+" : "") + number.text;
  }

  function duration(months) {
    return months % YEAR ? filled(months === 1 ? words.month : words.months, { number: months }) : words.years[months / YEAR];
  }

  function probability(likely) {
    if (likely < written.bounds[0]) { return written.bounds[1]; }
    if (likely > 1 - written.bounds[0]) { return written.bounds[2]; }
    return written.percent.replace("{number}", digits(100 * likely, 1).text);
  }

  /* ---- the page */

  var KEYS = ["price", "displaced", "years", "rate", "half_life", "starts"];
  var FIELDS = {
    price: ["price", 1], displaced: ["displaced_share", 100], years: ["horizon_months", 1 / YEAR],
    rate: ["discount_rate", 100], half_life: ["half_life", 1], starts: ["n_starts", 1]
  };
  var chooser = root.querySelector("select"), picture = root.querySelector(".outcome svg"), timer;
  var rows = {}, shows = {}, chosen = 0, changed = {};
  root.querySelectorAll("[data-lever]").forEach(function (row) {
    rows[row.getAttribute("data-lever")] = { row: row, slider: row.querySelector("[type=range]"), box: row.querySelector("[type=number]") };
  });
  root.querySelectorAll("[data-show]").forEach(function (element) { shows[element.getAttribute("data-show")] = element; });

  function pageValue(key) {
    var value = levers[chosen].state[FIELDS[key][0]] * FIELDS[key][1];
    return key === "price" || key === "starts" ? Math.round(value) : Number(value.toPrecision(6));
  }

  function clamped(key, value) {
    var ends = levers[chosen].limits[key];
    if (!ends || !isFinite(value)) { return null; }
    var inside = Math.min(Math.max(value, ends[0]), ends[1]);
    return key === "years" ? ends[0] + Math.round(inside - ends[0]) : inside;
  }

  function change(key, value) {
    var inside = clamped(key, value);
    if (inside === null || inside === pageValue(key)) { delete changed[key]; } else { changed[key] = inside; }
  }

  function stateNow() {
    var state = Object.assign({}, levers[chosen].state);
    Object.keys(changed).forEach(function (key) {
      var value = changed[key] / FIELDS[key][1];
      state[FIELDS[key][0]] = key === "years" ? Math.round(value) : value;
    });
    return state;
  }

  function setUp() {
    chooser.value = String(chosen);
    KEYS.forEach(function (key) {
      var ends = levers[chosen].limits[key], parts = rows[key];
      parts.row.hidden = !ends;
      if (!ends) { return; }
      [parts.slider, parts.box].forEach(function (input) {
        input.min = ends[0]; input.max = ends[1];
        input.step = input === parts.slider || key === "years" ? ends[2] : "any";
      });
      fill(key);
    });
  }

  function fill(key, except) {
    var value = key in changed ? changed[key] : pageValue(key);
    if (rows[key].slider !== except) { rows[key].slider.value = value; }
    if (rows[key].box !== except) { rows[key].box.value = value; }
  }

  function mark(payer, x, y, css) {
    var shape = { square: '<rect x="-4.5" y="-4.5" width="9" height="9" ', diamond: '<path d="M0-6.5 6.5 0 0 6.5-6.5 0z" ', circle: '<circle r="5" ' };
    return '<svg x="' + x + '%" y="' + y + '" class="point">' + shape[SHAPES[payer]] + 'class="' + css + " of-" + PAYERS[payer] + '"/></svg>';
  }

  /* 1, 2, 5, 10, ... so that there are not more than so many steps. */
  function tickStep(width, most) {
    var raw = width / most, power = Math.pow(10, Math.floor(Math.log10(raw)));
    return power * [1, 2, 5, 10].filter(function (factor) { return factor * power >= raw; })[0];
  }

  function drawn(values) {
    var page = levers[chosen].published, low = 0, high = 0, marks = "", tick;
    PAYERS.forEach(function (_, payer) {
      low = Math.min(low, values[payer].low, values[payer].estimate, page[payer][TOTAL][0]);
      high = Math.max(high, values[payer].high, values[payer].estimate, page[payer][TOTAL][0]);
    });
    var step = tickStep(high - low || 1, picture.clientWidth < 300 ? 3 : 5);
    low = Math.floor(low / step) * step; high = Math.max(Math.ceil(high / step) * step, low + step);
    function at(value) { return ((value - low) / (high - low) * 100).toFixed(2); }
    for (tick = low; tick <= high + step / 2; tick += step) {
      var isZero = Math.abs(tick) < step / 2, x = at(isZero ? 0 : tick);
      marks += '<line class="' + (isZero ? "zero" : "grid") + '" x1="' + x + '%" x2="' + x + '%" y1="0" y2="93"/>' +
        '<svg x="' + x + '%" y="108" class="point"><text text-anchor="middle">' + (isZero ? "0" : gain(tick, Math.min(step, 1))) + "</text></svg>";
    }
    PAYERS.forEach(function (payer, index) {
      var y = 16 + 31 * index, value = values[index];
      marks += '<line class="range of-' + payer + '" x1="' + at(value.low) + '%" x2="' + at(value.high) + '%" y1="' + y + '" y2="' + y + '"/>' +
        mark(index, at(page[index][TOTAL][0]), y, "hollow") + mark(index, at(value.estimate), y, "mark");
    });
    picture.innerHTML = marks;
  }

  function show(isSpoken) {
    var began = performance.now(), state = stateNow(), lever = levers[chosen], found = revalue(lever, state);
    var society = found.values[SOCIETY], step = stepOf([society.estimate, society.low, society.high]);
    var value = money(society.estimate, step, true), horizon = duration(state.horizon_months);
    var band = filled(words.bands[bandOf(society.likely)], { horizon: horizon });
    shows.estimate.textContent = value;
    shows.range.textContent = filled(written.range, { low: money(society.low, step), high: money(society.high, step) });
    PAYERS.forEach(function (payer, index) {
      var one = found.values[index];
      shows[payer].textContent = gain(one.estimate, stepOf([one.estimate, one.low, one.high]));
    });
    shows.likely.textContent = filled(words.likely, { band: band, probability: probability(society.likely) });
    shows["return"].textContent = found.month === 0 ? words.at_once : filled(found.month === null ? words.never : words.returns, {
      duration: found.month === null ? horizon : duration(found.month)
    });
    shows.year.textContent = found.year === null ? "" : filled(words.year, {
      starts: digits(state.n_starts, 1).text, amount: money(found.year, Math.pow(10, Math.max(Math.floor(Math.log10(Math.abs(found.year) || 1)) - 2, 0)), true)
    });
    shows.advice.textContent = words.advice[found.advice];
    shows.advice.className = "advice " + found.advice;
    drawn(found.values);
    root.setAttribute("data-took", (performance.now() - began).toFixed(2));
    clearTimeout(timer);
    if (isSpoken) {
      timer = setTimeout(function () {
        shows.spoken.textContent = filled(words.spoken, {
          intervention: lever.name, value: value, band: band, probability: probability(society.likely), advice: words.advice[found.advice]
        });
      }, 350);
    }
  }

  /* ---- the state in the address: #what-if:ID;price=20000;years=7 */

  function keep() {
    var parts = KEYS.filter(function (key) { return key in changed; }).map(function (key) { return key + "=" + changed[key]; });
    var text = "#what-if:" + [encodeURIComponent(levers[chosen].id)].concat(parts).join(";");
    try { history.replaceState(null, "", text); } catch (refused) { /* a page without an address */ }
  }

  function read() {
    if (location.hash.indexOf("#what-if:") !== 0) { return false; }
    var parts = location.hash.slice(9).split(";"), id, found = -1;
    try { id = decodeURIComponent(parts[0]); } catch (broken) { return false; }
    levers.forEach(function (lever, index) { if (lever.id === id) { found = index; } });
    if (found < 0) { return false; }
    chosen = found;
    changed = {};
    parts.slice(1).forEach(function (part) {
      var pair = /^(\w+)=(-?\d+(?:\.\d+)?)$/.exec(part);
      if (pair && KEYS.indexOf(pair[1]) >= 0) { change(pair[1], Number(pair[2])); }
    });
    return true;
  }

  levers.forEach(function (lever, index) {
    var option = document.createElement("option");
    option.value = String(index);
    option.textContent = lever.name;
    chooser.appendChild(option);
  });
  KEYS.forEach(function (key) {
    [rows[key].slider, rows[key].box].forEach(function (input) {
      input.addEventListener("input", function () {
        if (input.value === "") { return; }
        change(key, Number(input.value));
        fill(key, input);
        show(true);
        keep();
      });
      input.addEventListener("change", function () { fill(key); });
    });
  });
  chooser.addEventListener("change", function () {
    var kept = changed;
    chosen = Number(chooser.value);
    changed = {};
    ["displaced", "years", "rate", "half_life"].forEach(function (key) { if (key in kept) { change(key, kept[key]); } });
    setUp();
    show(true);
    keep();
  });
  root.querySelector("button").addEventListener("click", function () {
    changed = {};
    setUp();
    show(true);
    try { history.replaceState(null, "", location.pathname + location.search); } catch (refused) { /* as above */ }
  });
  window.addEventListener("hashchange", function () { if (read()) { setUp(); show(true); } });

  var isLinked = read();
  root.classList.add("is-live");
  root.querySelector(".live").hidden = false;
  setUp();
  show(false);
  if (isLinked) { root.scrollIntoView(); }
})();
