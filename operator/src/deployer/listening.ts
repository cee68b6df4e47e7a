// The ports on which an app says that it listens. A log has many other numbers (durations, dates, versions, process ids) and the
// ports of other programs (databases, debuggers); a port is read only where the words around it say so.

export interface Said {
  /** The line as printed. */
  readonly line: string;
  readonly port: number;
  /** The address is reachable only from inside the app's own container. */
  readonly isLoopback: boolean;
}

/** Every port that a line of the log names as the app's own, in order. */
export function saidPorts(log: string): Said[] {
  return log.split('\n').flatMap(line => clausesOf(line).flatMap(clause => saidIn(clause, line.trim().slice(0, 200))));
}

/** One line may report two things: "connected to the database, listening on 3000". */
const clausesOf = (line: string) => line.split(/, | and | & |; | \| /);

/** What other programs listen on, and what failed. */
const isAboutOthers =
  /\b(?:connect(?:ed|ing|ion)?|debugger|inspector|metrics|prometheus|postgres(?:ql)?|redis|mongo(?:db|ose)?|mysql|database|db|smtp|proxy(?:ing)?|proxied|forward(?:ed|ing)|fetch(?:ed|ing)?|upstream|origin|cors|failed|cannot|unable|in use|refused|hmr|EADDRINUSE|ECONNREFUSED|GET|HEAD|POST|PUT)\b/i;

const isListening =
  /\b(?:listen(?:s|ing)?|running|runs|serv(?:er|es|ing|ed)|start(?:ed|ing|s)?|launched|up|ready|available|live|alive|online|bound|accepting|app|application|api|backend|http|port)\b/i;

/** An address of this machine, with or without a scheme: `http://localhost:5173/`, `0.0.0.0:8000`, `http://:8080`. */
const atAddress =
  /(?:^|[\s"'`(=/@[])(localhost|0\.0\.0\.0|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1?\]|::|\*|10\.\d{1,3}\.\d{1,3}\.\d{1,3}|172\.\d{1,3}\.\d{1,3}\.\d{1,3}|192\.168\.\d{1,3}\.\d{1,3}):(\d{2,5})(?![\d.:])/i;
/** `port 3000`, `port: 3000`, `PORT=3000`, `port(s): 8080`. */
const afterPort = /\bport(?:\(s\))?"?(?: is)?[\s:=#]{0,3}(\d{2,5})(?![\d.:])/i;
/** `:8000` by itself; in `12:30` a digit precedes. */
const afterColon = /(?:^|[\s"'`(=@]|\/\/):(\d{2,5})(?![\d.:])/;
/** `up on 3000`, `listening at 3000`, `listening 3000`; a word after the number counts something else: `on 120 tables`. */
const afterWord =
  /\b(?:on|at|to|listening|=>|->|→):? {0,3}(\d{2,5})(?=$|[!,;)\]"'…]|\.(?!\d)| ?[!([—–→🚀✅🎉]| (?:in|after|since|with|using|for|as|by)\b)/iu;

const isLoopback = /localhost|127\.0\.0\.1|\[::1\]/i;

function saidIn(clause: string, line: string): Said[] {
  if (isAboutOthers.test(clause)) return [];
  const address = atAddress.exec(clause);
  if (address !== null) return said(address[2], line, isLoopback.test(address[1] ?? ''));
  if (!isListening.test(clause)) return [];
  const port = afterPort.exec(clause) ?? afterColon.exec(clause) ?? afterWord.exec(clause);
  return said(port?.[1], line, false);
}

function said(digits: string | undefined, line: string, loopback: boolean): Said[] {
  const port = Number(digits);
  return port >= 80 && port <= 65_535 ? [{ line, port, isLoopback: loopback }] : [];
}
