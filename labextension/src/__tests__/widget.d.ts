/** The widget is one file of plain JavaScript. */
declare module '*/static/status.js';
