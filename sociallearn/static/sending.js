// What was chosen goes back to the LMS at once; without this module a button does it.
document.querySelector("[data-send-at-once]").requestSubmit();
