/** The program of the source container. Apart from source.ts, because the operator is bundled with that file and is not this program. */
import { main } from './source.ts';

process.exitCode = await main(process.env);
