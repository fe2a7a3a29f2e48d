// bpmn-engine (npm) on SQLite, as a careful user writes it: node peer.mjs '{"database": …, "source": …, "story": …}'
//
// One table, the engine's state as JSON in a row; a completion reads the row, recovers the engine, signals the waiting
// task and writes the row, in one durable transaction. The diagram is parsed once and left out of the JSON. Speaks the
// protocol of tests/bench/contest.py.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

const options = JSON.parse(process.argv[2]);
// The packages are installed in a folder of their own, not beside this file.
const installed = createRequire(pathToFileURL(`${options.packages}/package.json`));
const load = async (name) => {
  const found = await import(pathToFileURL(installed.resolve(name)).href);
  return found.default ?? found;
};
const { Engine } = installed('bpmn-engine');
const Elements = installed('bpmn-elements');
const BpmnModdle = await load('bpmn-moddle');
const contexts = installed('moddle-context-serializer');

const moddle = await new (BpmnModdle.BpmnModdle ?? BpmnModdle)().fromXML(options.source);
const sourceContext = (contexts.default ?? contexts)(moddle, contexts.TypeResolver(Elements));
const engine = () => new Engine({ name: 'approval', sourceContext });

const database = new DatabaseSync(options.database);
for (const pragma of options.pragmas) database.exec(`PRAGMA ${pragma}`);
database.exec('CREATE TABLE workflow (id INTEGER PRIMARY KEY, state TEXT NOT NULL)');
const add = database.prepare('INSERT INTO workflow (state) VALUES (?)');
const read = database.prepare('SELECT state FROM workflow WHERE id = ?');
const write = database.prepare('UPDATE workflow SET state = ? WHERE id = ?');

function written(execution) {
  const state = execution.getState();
  for (const definition of state.definitions) delete definition.source;
  return JSON.stringify(state);
}

async function begun() {
  return written(await engine().execute());
}

async function complete(id, node, answers) {
  database.exec('BEGIN IMMEDIATE');
  const execution = await engine().recover(JSON.parse(read.get(id).state)).resume();
  const task = execution.getPostponed().find((waiting) => waiting.type === 'bpmn:UserTask' && waiting.id === node);
  Object.assign(task.environment.output, answers);
  task.signal(answers);
  write.run(written(execution), id);
  database.exec('COMMIT');
  return execution.state;
}

async function round({ cases }) {
  let cpu = 0, wall = 0, n = 0;
  for (let i = 0; i < cases; i += 1) {
    const id = add.run(await begun()).lastInsertRowid;
    let state;
    for (const { node, answers } of options.story) {
      const from = performance.now(), before = process.cpuUsage();
      state = await complete(id, node, answers);
      const used = process.cpuUsage(before);
      wall += performance.now() - from;
      cpu += (used.user + used.system) / 1e3;
      n += 1;
    }
    if (state !== 'idle') throw new Error('the story did not end its case');
  }
  return { n, cpu_ms: cpu / n, wall_ms: wall / n };
}

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const { do: command, ...given } = JSON.parse(line);
  try {
    if (command !== 'round') throw new Error(`unknown command ${command}`);
    say(await round(given));
  } catch (error) {
    say({ error: error.stack });
    process.exit(0);
  }
}
