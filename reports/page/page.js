// Comforts of the page of a run. Without this script the page is complete.
"use strict";
document.documentElement.classList.add("script");
