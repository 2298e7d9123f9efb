// Other origins: {{OTHER}} is put in by the server.
"use strict";

const OTHER = "{{OTHER}}";

const abroad = (args) => ({ ...args, url: OTHER + args.url });

acts.fetchAbroad = (args) => acts.fetch(abroad(args));
acts.xhrAbroad = (args) => acts.xhr(abroad(args));
acts.elementAbroad = (args) => acts.element(abroad(args));
acts.eventsAbroad = (args) => acts.events(abroad(args));
acts.socketAbroad = (args) => acts.socket({ ...args, url: OTHER.replace("http", "ws") + args.url });
