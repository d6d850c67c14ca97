// Prints what the suites say of themselves that kill the program, what its calls
// cost, and which commands of the pages were run: gotestsum shows the output of a test only when it failed.
//
//	node .ci/covered.mjs FILE      (as gotestsum --jsonfile wrote it)
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

const suites = /^(TestEveryRun|TestFiftyApplies|TestAFixIs|TestTwelveStacks|TestCallsDoNotGrow|TestAnApplyTakes|TestAPlanWithNothing|TestTheRecordOf|TestTheDocsWorkInTheirOwnOrder$)/;
let lines = 0;
for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) {
  const event = JSON.parse(line);
  const said = event.Action === 'output' && suites.test(event.Test ?? '') && /^\s+\w+_test\.go:\d+: (.*)/s.exec(event.Output);
  if (said) {
    console.log(`${event.Package.split('/').slice(3).join('/')}: ${said[1].trimEnd()}`);
    lines++;
  }
}
if (lines === 0) {
  console.error('.ci/covered.mjs: the suites said nothing of what they covered');
  process.exit(1);
}
