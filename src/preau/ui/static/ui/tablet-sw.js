// The tablet's service worker. It keeps the shell and its files, never what is personal: the data
// of the day is kept by the page (IndexedDB), asked for by it, and wiped by it.
"use strict";
const CACHE = "preau-tablet-1";
const SHELL = /^\/mairie\/tablette\/(creche\/)?\d+\/$/;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(self.KEPT)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

async function keep(request, response) {
  if (response.ok && !response.redirected) (await caches.open(CACHE)).put(request, response.clone());
  return response;
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  const shell = request.mode === "navigate" && SHELL.test(url.pathname);
  const file = url.pathname.startsWith("/static/") || url.pathname === "/theme.css";
  if (!shell && !file) return; // data, photos, health: the network or nothing
  event.respondWith((async () => {
    const kept = await caches.match(request, { ignoreSearch: shell });
    if (file && kept) return kept;
    try { return await keep(request, await fetch(request)); }
    catch (error) { if (kept) return kept; throw error; }
  })());
});
