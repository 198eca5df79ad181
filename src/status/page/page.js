// The status page. Reads only. All text reaches the document as text nodes, never as markup.
"use strict";

const rows_at_once = 100;
const refresh_pause = 500;   // ms between two looks at what has changed
const search_pause = 250;    // ms after the last key before the daemon is asked for server names
const most_single_fetches = 20;
const probe_pause = 3000;    // ms between two looks at the last probes of a service that is unfolded
const most_plotted = 50;     // servers of it
const most_alerts = 100;
const most_vips = 200;       // addresses of VIPs
const most_events = 50;

const by_id = id => document.getElementById(id);
const cell_text = { p: "", h: "H", d: "×", u: "?", g: "…", x: "–", w: "!" };
const cell_name = { p: "pooled", h: "held", d: "down", u: "unknown", g: "draining", x: "disabled",
  w: "wanted but not acknowledged" };

const state = {
  services: new Map(),   // name → the API's summary of it
  expanded: new Set(),
  rows: new Map(),       // name → row, for what is in the document
  shown: rows_at_once,
  found_by_server: new Set(),
  clock_offset: 0,       // the daemon's clock minus ours, ms
  changed: new Set(),
  changed_all: false,
  changed_rest: false,   // something besides services
  events: [],
};

// Small parts of the document.

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  made.append(...children.filter(child => child !== null));
  return made;
}

function age_text(since) {
  const seconds = Math.max(0, Math.round((Date.now() + state.clock_offset - Date.parse(since)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

function since(time) {
  if (!time) return document.createTextNode("");
  return element("time", { class: "since", datetime: time, title: time }, age_text(time));
}

function word(text, kind) { return element("span", { class: kind }, text); }

function port_text(service) {
  return service.firewall_mark ? `mark ${service.firewall_mark}` : `${service.protocol}/${service.port}`;
}

function table_row(labels, ...contents) {
  return element("tr", {}, ...contents.map((content, i) => element("td", { "data-label": labels[i] }, content)));
}

function set_text(id, text, kind) {
  const target = by_id(id);
  if (target.textContent !== text) target.textContent = text;
  if (kind) target.className = `badge ${kind}`;
}

// What the daemon says.

async function fetch_json(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" } });
  const date = Date.parse(response.headers.get("Date"));
  if (date) state.clock_offset = date - Date.now();
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`${path}: HTTP status ${response.status}`);
  return response.json();
}

function take_services(services) {
  for (const service of services) {
    service.haystack = [service.name, service.vip, ...service.pools.map(pool => pool.vip_address)]
      .join(" ").toLowerCase();
    state.services.set(service.name, service);
  }
}

async function load_everything() {
  const status = await fetch_json("v1/status");
  state.services.clear();
  take_services(status.services);
  show_head(status);
  show_vips(status.vips);
  show_peers(status.peers);
  show_services();
}

async function load_service(name) {
  const answer = await fetch_json(`v1/services/${encodeURIComponent(name)}?summary`);
  if (answer) take_services([answer.service]);
  else state.services.delete(name);
}

async function load_changes(names) {
  const [status, vips, peers] = await Promise.all(
    [fetch_json("v1/status?summary"), fetch_json("v1/vips"), fetch_json("v1/peers"), ...names.map(load_service)]);
  show_head(status);
  show_vips(vips.vips);
  show_peers(peers.peers);
  show_services(new Set(names));
}

// Live: the daemon says what has changed, we ask for that, at most once in a while.

let refreshing = false;

async function refresh() {
  if (refreshing) return;
  refreshing = true;
  try {
    while (state.changed_all || state.changed.size > 0 || state.changed_rest) {
      const names = [...state.changed];
      const all = state.changed_all || names.length > most_single_fetches;
      state.changed.clear();
      state.changed_all = state.changed_rest = false;
      await (all ? load_everything() : load_changes(names));
      await new Promise(resolve => setTimeout(resolve, refresh_pause));
    }
  } catch (error) {
    set_text("live", "stale: " + error.message, "bad");
    state.changed_all = true;
    setTimeout(refresh, 2000);
  } finally {
    refreshing = false;
  }
}

function follow() {
  const source = new EventSource("v1/events?changes");
  source.onopen = () => set_text("live", "live", "good");
  source.onerror = () => set_text("live", "no connection, trying again", "bad");
  source.onmessage = message => add_event(JSON.parse(message.data));
  source.addEventListener("changed", message => {
    const change = JSON.parse(message.data);
    state.changed_all = state.changed_all || change.all;
    state.changed_rest = true;
    for (const name of change.services) state.changed.add(name);
    refresh();
  });
}

// Showing.

function show_head(status) {
  document.title = `${status.alerts.length ? `(${status.alerts.length}) ` : ""}${status.node} vipd`;
  set_text("node", status.node);
  set_text("version", `vipd ${status.version}${status.stopping ? ", stopping" : ""}`);
  const failing = status.checks.filter(check => !check.ok).map(check => check.text);
  set_text("ready", status.ready ? "ready" : `not ready: ${failing.join("; ")}`, status.ready ? "good" : "bad");
  const totals = status.totals;
  set_text("totals", `${totals.pools_fit} of ${totals.pools} pools fit, ${totals.up} of ${totals.servers} servers up, ` +
    `${totals.held} held, ${totals.advertised} of ${totals.vip_addresses} addresses advertised`);
  show_alerts(status.alerts);
  show_undone(status.kernel);
}

// With --observe: what vipd would do.
function show_undone(kernel) {
  const count = kernel ? kernel.unmade_count : 0;
  by_id("undone").hidden = count === 0;
  set_text("undone-count", `${count}, left to somebody else`);
  by_id("changes").replaceChildren(...(kernel ? kernel.unmade : []).map(change => element("li", {}, change)));
}

function show_alerts(alerts) {
  set_text("alert-count", alerts.length ? String(alerts.length) : "");
  const items = alerts.slice(0, most_alerts).map(alert => element("li", {}, element("strong", {}, alert.code), ` ${alert.subject}: ${alert.text} `,
    since(alert.since)));
  if (alerts.length > most_alerts) items.push(element("li", {}, `and ${alerts.length - most_alerts} more: vipctl alerts`));
  by_id("alerts").replaceChildren(...(items.length ? items : [element("li", { class: "none" }, "No alerts")]));
}

function show_vips(vips) {
  const labels = ["VIP", "Address", "Wanted", "Advertised to", "Since", "Reason"];
  const all = bad_first(vips.flatMap(vip => vip.addresses.map(address => ({ vip, address }))), ({ address }) =>
    address.wanted !== "announced" || address.degraded || !address.present || !address.advertised_to.length);
  set_text("vip-count", all.length > most_vips ? `${most_vips} of ${all.length}, those with problems first` : "");
  by_id("vips").replaceChildren(...all.slice(0, most_vips).map(({ vip, address }) => table_row(labels, vip.name,
    address.address, address.degraded ? word(`${address.wanted}, degraded`, "warn")
      : word(address.wanted, address.wanted === "announced" ? "good" : "bad"),
    address.advertised_to.join(", "), since(address.since),
    address.reason.text + (address.present ? "" : "; not on the interface"))));
}

function bad_first(list, is_bad) {
  return [...list.filter(is_bad), ...list.filter(entry => !is_bad(entry))];
}

function show_peers(peers) {
  const labels = ["Peer", "State", "Advertised", "Since", "Reason"];
  by_id("peers").replaceChildren(...bad_first(peers, peer => peer.state !== "established").map(peer => table_row(labels, peer.name,
    word(peer.state, peer.state === "established" ? "good" : "bad"),
    Object.entries(peer.families).map(([family, counts]) => `${family} ${counts.advertised} of ${counts.wanted}`).join(", "),
    since(peer.since), peer.reason.text)));
}

function is_impaired(service) {
  return service.pools.some(pool => !pool.fit || pool.held > 0 || pool.pooled < pool.configured);
}

function matching_services() {
  const text = by_id("search").value.trim().toLowerCase();
  const impaired = by_id("impaired").checked;
  return [...state.services.values()].filter(service =>
    (!impaired || is_impaired(service)) &&
    (!text || service.haystack.includes(text) || state.found_by_server.has(service.name)));
}

/// `touched`: names whose rows are marked as changed.
function show_services(touched) {
  const found = matching_services().sort((a, b) => (a.name < b.name ? -1 : 1));
  const visible = found.slice(0, state.shown);
  set_text("match-count", found.length === state.services.size ? String(found.length)
    : `${found.length} of ${state.services.size}`);
  by_id("more").hidden = found.length <= visible.length;
  const rows = visible.map(service => update_row(service, touched && touched.has(service.name)));
  for (const name of state.rows.keys()) {
    if (!visible.some(service => service.name === name)) state.rows.delete(name);
  }
  place(by_id("services"), rows.map(row => row.item));
}

/// Only when the order is another: moving what has the focus would take it away.
function place(list, items) {
  const same = list.children.length === items.length && items.every((item, i) => list.children[i] === item);
  if (same) return;
  const focused = document.activeElement;
  list.replaceChildren(...items);
  if (focused && list.contains(focused)) focused.focus();
}

function update_row(service, touched) {
  let row = state.rows.get(service.name);
  if (!row) {
    row = make_row(service.name);
    state.rows.set(service.name, row);
  }
  if (row.service !== service) {
    row.service = service;
    row.toggle.textContent = `${service.name} ${port_text(service)}`;
    row.pools.replaceChildren(...service.pools.map(show_pool));
    if (state.expanded.has(service.name)) show_servers(row);
    if (touched) mark_changed(row.item);
  }
  return row;
}

function mark_changed(item) {
  item.classList.remove("changed");
  requestAnimationFrame(() => item.classList.add("changed"));
}

function make_row(name) {
  const details_id = `servers-${name}`;
  const toggle = element("button", { class: "toggle", type: "button", "aria-expanded": state.expanded.has(name),
    "aria-controls": details_id });
  const pools = element("div");
  const servers = element("div", { id: details_id });
  const row = { name, toggle, pools, servers, probes: new Map(), server_names: [], follows_probes: false, item: element("li", { class: "service" }, toggle, pools, servers) };
  toggle.addEventListener("click", () => toggle_row(row));
  return row;
}

function toggle_row(row) {
  const open = !state.expanded.has(row.name);
  row.toggle.setAttribute("aria-expanded", open);
  if (open) {
    state.expanded.add(row.name);
    show_servers(row);
  } else {
    state.expanded.delete(row.name);
    row.servers.replaceChildren();
  }
}

function show_pool(pool) {
  return element("div", { class: "pool" }, element("span", {}, pool.vip_address),
    word(pool.fit ? "fit" : "unfit", pool.fit ? "good" : "bad"), show_cells(pool.cells),
    element("span", {}, `${pool.up} of ${pool.configured} up, floor ${pool.floor}` + (pool.held ? `, ${pool.held} held` : "")),
    element("span", { class: "since" }, pool.fit_reason.text, " "), since(pool.fit_since));
}

function show_cells(cells) {
  const counts = {};
  for (const cell of cells) counts[cell] = (counts[cell] || 0) + 1;
  const spoken = Object.entries(counts).map(([cell, number]) => `${number} ${cell_name[cell] || cell}`).join(", ");
  return element("span", { class: "cells", role: "img", "aria-label": spoken || "no servers" },
    ...[...cells].map(cell => element("span", { class: `cell ${cell}` }, cell_text[cell] ?? cell)));
}

async function show_servers(row) {
  const answer = await fetch_json(`v1/services/${encodeURIComponent(row.name)}`).catch(() => null);
  if (!answer || !state.expanded.has(row.name)) return;
  row.servers.replaceChildren(...answer.service.pools.map(pool => servers_table(pool)));
  row.server_names = [...new Set(answer.service.pools.flatMap(pool => pool.servers.map(server => server.name)))];
  for (const report of row.probes.values()) show_probes(row, report);
  if (!row.follows_probes) follow_probes(row);
}

/// What the last probes of the servers found, as long as the row is unfolded. One question at a time.
async function follow_probes(row) {
  row.follows_probes = true;
  while (state.expanded.has(row.name)) {
    for (const name of row.server_names.slice(0, most_plotted)) {
      if (!state.expanded.has(row.name)) break;
      const path = `v1/services/${encodeURIComponent(row.name)}/servers/${encodeURIComponent(name)}/probes`;
      const report = await fetch_json(path).catch(() => null);
      if (!report) continue;
      row.probes.set(name, report);
      show_probes(row, report);
    }
    await new Promise(resolve => setTimeout(resolve, probe_pause));
  }
  row.follows_probes = false;
}

function show_probes(row, report) {
  for (const place of row.servers.querySelectorAll("[data-server]")) {
    if (place.dataset.server !== report.server) continue;
    place.replaceChildren(...report.probes.filter(probe => probe.vip_address === place.dataset.vip &&
      probe.results.length > 0).map(show_probe));
  }
}

function time_text(microseconds) {
  if (microseconds < 1000) return `${microseconds} µs`;
  if (microseconds < 1e6) return `${(microseconds / 1000).toPrecision(2).replace(/e.*/, "")} ms`;
  return `${(microseconds / 1e6).toFixed(1)} s`;
}

/// A bar a probe, the oldest first: its height is the time that it took, its colour whether it succeeded.
function show_probe(probe) {
  const longest = Math.max(1, ...probe.results.map(result => result.took_microseconds));
  const bars = probe.results.map(result => {
    const bar = element("span", { class: result.success ? "bar" : "bar failed",
      title: `${time_text(result.took_microseconds)}: ${result.reason.text}` });
    bar.style.height = `${Math.max(10, Math.round(100 * result.took_microseconds / longest))}%`;
    return bar;
  });
  const failed = probe.results.filter(result => !result.success).length;
  const last = probe.results[probe.results.length - 1];
  const spoken = `${probe.monitor}: the last of ${probe.results.length} probes took ${time_text(last.took_microseconds)}, ` +
    `the longest ${time_text(longest)}, ${failed} failed`;
  return element("span", { class: "probe", title: spoken },
    element("span", { class: "plot", role: "img", "aria-label": spoken }, ...bars), ` ${time_text(last.took_microseconds)}`);
}

const server_labels = ["Server", "Address", "Health", "Admin", "Placement", "Kernel", "Since", "Probes", "Reason"];

function servers_table(pool) {
  return element("table", { class: "servers" },
    element("caption", {}, `Servers of ${pool.vip_address}`),
    element("thead", {}, element("tr", {}, ...server_labels.map(label => element("th", { scope: "col" }, label)))),
    element("tbody", {}, ...pool.servers.map(server => show_server(server, pool.vip_address))));
}

function show_server(server, vip_address) {
  const health = server.health + (server.suspect ? ", suspect" : "");
  const reasons = [server.health !== "up" && server.health_reason.text, server.admin !== "enabled" && server.admin_reason.text,
    server.suspect && server.suspect_reason.text, server.placement_reason.text, ...server.monitors.filter(monitor => monitor.health !== "up")
      .map(monitor => `${monitor.type}: ${monitor.reason.text}`)].filter(Boolean);
  const told_once = reasons.filter((reason, i) => !reasons.some((other, j) =>
    other.includes(reason) && (other !== reason || j < i)));
  return table_row(server_labels, server.name, `${server.address} port ${server.port}`,
    word(health, server.health === "up" ? "good" : "bad"), server.admin,
    word(server.placement, server.placement === "pooled" ? "good" : server.placement === "held" ? "warn" : "bad"),
    server.pooled ? "carries traffic" : "no traffic", since(server.health_since),
    element("span", { "data-server": server.name, "data-vip": vip_address }), told_once.join("; "));
}

function add_event(event) {
  state.events.unshift(event);
  state.events.length = Math.min(state.events.length, most_events);
  by_id("events").replaceChildren(...state.events.map(one => element("li", {},
    element("time", { class: "since", datetime: one.at }, one.at), ` ${one.code} ${one.subject}: ${one.text}`)));
}

// Searching. Names and VIPs are looked for here, servers by the daemon.

let search_timer = 0;

function search_changed() {
  state.shown = rows_at_once;
  state.found_by_server.clear();
  show_services();
  clearTimeout(search_timer);
  search_timer = setTimeout(search_servers, search_pause);
}

async function search_servers() {
  const text = by_id("search").value.trim();
  if (!text) return;
  const answer = await fetch_json(`v1/services?summary&limit=200&q=${encodeURIComponent(text)}`).catch(() => null);
  if (!answer || text !== by_id("search").value.trim()) return;
  for (const service of answer.services) state.found_by_server.add(service.name);
  show_services();
}

by_id("search").addEventListener("input", search_changed);
by_id("impaired").addEventListener("change", search_changed);
by_id("filter").addEventListener("submit", event => event.preventDefault());
by_id("more").addEventListener("click", () => {
  state.shown += rows_at_once;
  show_services();
});
document.addEventListener("keydown", event => {
  const typing = event.target instanceof HTMLInputElement;
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    by_id("search").focus();
  } else if (event.key === "Escape" && event.target === by_id("search")) {
    by_id("search").value = "";
    search_changed();
  }
});
setInterval(() => {
  for (const time of document.querySelectorAll("time[title]")) {
    const text = age_text(time.getAttribute("datetime"));
    if (time.textContent !== text) time.textContent = text;
  }
}, 1000);

fetch_json("v1/events?limit=20").then(past => past.events.forEach(add_event)).finally(follow);
