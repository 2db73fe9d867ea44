// Refines the page; everything works without it.
"use strict";
(() => {
  const each = (selector, use) => document.querySelectorAll(selector).forEach(use);

  // Choosing is asking: the button is for those without scripts.
  each("form.choices", (form) => {
    form.addEventListener("change", () => form.requestSubmit());
    form.addEventListener("submit", () => {
      form.querySelectorAll("select").forEach((field) => { field.disabled = !field.value; });
    });
  });
  addEventListener("pageshow", () => {
    each("form.choices select", (field) => { field.disabled = false; });
  });

  // Arrow keys in tables of links: one cell is in the order of Tab, arrows go to the others.
  each("table[data-arrows]", (table) => {
    const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].filter((c) => c.tagName === "TD"));
    const links = rows.map((row) => row.map((cell) => cell.querySelector("a")));
    const all = links.flat().filter(Boolean);
    if (!all.length) return;
    const enter = (link) => {
      all.forEach((other) => { other.tabIndex = other === link ? 0 : -1; });
    };
    enter(table.querySelector("td.most a") || all[0]);
    table.addEventListener("focusin", (event) => {
      if (all.includes(event.target)) enter(event.target);
    });
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    table.addEventListener("keydown", (event) => {
      const y0 = links.findIndex((row) => row.includes(event.target));
      if (y0 < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
      let y = y0;
      let x = links[y].indexOf(event.target);
      if (event.key === "Home") x = links[y].findIndex(Boolean);
      else if (event.key === "End") x = links[y].length - 1;
      else if (event.key in steps) {
        const [down, right] = steps[event.key];
        do { y += down; x += right; } while (links[y] && x in links[y] && !links[y][x]);
      } else return;
      const to = links[y] && links[y][x];
      event.preventDefault();
      if (to) { enter(to); to.focus(); }
    });
  });

  // The address is the state of the page.
  each("[data-copy]", (place) => {
    if (!navigator.clipboard) return;
    const button = document.createElement("button");
    const said = document.createElement("span");
    button.type = "button";
    button.textContent = "Copy link";
    said.setAttribute("role", "status");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(location.href);
        said.textContent = " Copied";
      } catch {
        said.textContent = " The browser refused; copy the address above";
      }
    });
    place.append(button, said);
  });

  // What a mark of a drawing says, beside the pointer.
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);
  addEventListener("pointermove", (event) => {
    const mark = event.target.closest && event.target.closest("figure svg [aria-label], .map a[aria-label]");
    const text = mark && mark.getAttribute("role") !== "graphics-object" ? mark.getAttribute("aria-label") : "";
    tip.hidden = !text;
    if (!text) return;
    tip.textContent = text;
    tip.className = event.clientX > innerWidth / 2 ? "tip left" : "tip";
    place(event.clientX, event.clientY);
  });
  // No style attribute may be set by markup; the object model may.
  const place = (x, y) => {
    tip.style.top = `${Math.min(y + 16, innerHeight - 40)}px`;
    if (tip.className === "tip") { tip.style.left = `${x + 12}px`; tip.style.right = "auto"; } else { tip.style.right = `${innerWidth - x + 12}px`; tip.style.left = "auto"; }
  };
  addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });

  // The big screen asks for itself again and again. Its last picture stays, and says since when.
  const screen = document.body.dataset;
  if (screen.every) {
    const root = document.documentElement;
    const trouble = document.querySelector(".trouble");
    const script = (page) => page.querySelector("script[src]").getAttribute("src");
    const picture = (page = document) => page.querySelector("main[data-picture]");
    const hasNumbers = (main) => main && main.dataset.picture === "numbers";
    const seconds = (since) => Math.abs(Date.now() - since) / 1000;
    let good = Date.now(), tried = 0, skew = 0, tag = "", fault = "", isAsking = false;
    const time = (at, more) => new Intl.DateTimeFormat("en-GB", {
      hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: picture().dataset.zone, ...more,
    }).format(at + skew);
    const write = (where, text) => { if (where.textContent !== text) where.textContent = text; };
    const show = () => {
      const isOld = hasNumbers(picture()) && (fault || seconds(good) > 3 * screen.every);
      const isLoud = isOld && seconds(good) > screen.loud;
      const since = time(good, seconds(good) > 43200 && { weekday: "short" });
      each("[data-clock]", (where) => write(where, time(Date.now())));
      each("[data-refreshed]", (where) => write(where, `, refreshed ${since}`));
      document.body.className = isLoud ? "loud" : "";
      trouble.hidden = !isOld;
      write(trouble, !isOld ? "" : `⚠ ${isLoud ? "OLD PICTURE, don’t rely on it: n" : "N"}ot refreshed since ${since}. ${fault || "This computer slept"}.`);
    };
    // What doesn't fit makes all letters smaller, to three quarters at most.
    const fit = () => {
      root.style.fontSize = "";
      if (!matchMedia("(min-width: 64rem) and (min-aspect-ratio: 4/3)").matches) return;
      const usual = parseFloat(getComputedStyle(root).fontSize);
      for (let share = 0.98; share > 0.74 && root.scrollHeight > innerHeight; share -= 0.02) {
        root.style.fontSize = `${share * usual}px`;
      }
    };
    const ask = async () => {
      const headers = { Accept: "text/html", ...(tag && { "If-None-Match": tag }) };
      const answer = await fetch(location.href, { headers, cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(20000) });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = picture(page);
      const { status } = answer;
      if (status === 304 || hasNumbers(found)) {
        good = Date.now();
        skew = (Date.parse(answer.headers.get("Date")) || good) - good;
        fault = "";
        if (status === 304) return;
        tag = answer.headers.get("ETag") || "";
        if (script(page) !== script(document)) location.reload();
      } else {
        const isClosed = [0, 401, 403, 404].includes(status); // 0: it leads to where one signs in
        fault = `The server answers with an error (${status})`;
        if (hasNumbers(picture()) && !isClosed) return;
        tag = "";
        if (!found) {
          picture().dataset.picture = "none";
          write(picture(), isClosed ? "⚠ Nothing may be shown here any more: sign in, or ask for another address." : `⚠ ${fault}.`);
          return;
        }
      }
      document.title = page.title;
      picture().replaceWith(found);
      fit();
    };
    const look = async () => {
      show();
      if (isAsking || seconds(tried) < screen.every) return;
      isAsking = true;
      tried = Date.now();
      try { await ask(); } catch { fault = "The server can’t be reached"; }
      isAsking = false;
      show();
    };
    fit();
    look();
    setInterval(look, 1000);
    addEventListener("resize", fit);
    addEventListener("online", () => { tried = 0; });
  }

  each("[data-print]", (place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Print";
    button.addEventListener("click", () => print());
    place.append(button);
  });
})();
