/** Counts checks, and tells of those that fail. */
export class Report {
  #passed = 0;
  #failed = 0;

  /** One check: it holds if there are no problems. */
  check(where, what, problems) {
    if (problems.length === 0) {
      this.#passed++;
      return;
    }
    this.#failed++;
    console.log(`FAILED ${where}: ${what}`);
    for (const problem of problems.slice(0, 5)) console.log(`    ${problem}`);
    if (problems.length > 5) console.log(`    and ${problems.length - 5} more`);
  }

  /** The last line; gives the exit status. */
  end() {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed > 0 || this.#passed === 0 ? 1 : 0;
  }
}
