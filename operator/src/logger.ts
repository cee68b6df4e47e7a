// JSON lines. An error keeps its cause; nothing here ever receives a key, a body or a Secret's data.
import { createLogger, format, type Logger, transports } from 'winston';

const plainErrors = format(info => {
  for (const [key, value] of Object.entries(info)) if (value instanceof Error) info[key] = describe(value);
  return info;
});

function describe(error: Error): Record<string, unknown> {
  return {
    name: error.name,
    message: error.message,
    ...('code' in error && { code: error.code }),
    ...(error.cause instanceof Error && { cause: describe(error.cause) }),
    stack: error.stack
      ?.split('\n')
      .slice(1, 6)
      .map(l => l.trim()),
  };
}

export function makeLogger(level: string): Logger {
  return createLogger({
    level,
    format: format.combine(format.timestamp(), plainErrors(), format.json()),
    transports: [new transports.Console()],
  });
}
