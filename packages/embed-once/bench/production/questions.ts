/** What searchers ask. The number makes a question new to the cache; few enough that most are asked again. */
const PHRASES = [
  "where is a record's checksum verified",
  "how are leases of a killed process freed",
  "decode a vector",
  "retry after a rate limit",
  "parse command line arguments",
  "what happens when the disk is full",
  "productionEdit",
  "read the configuration file",
  "test that nothing is lost",
  "license",
];
const VARIANTS = 30;

export function drawQuestion(random: (limit: number) => number): string {
  return `${PHRASES[random(PHRASES.length)]} ${random(VARIANTS)}`;
}
