/// The whole story on this machine, for a newcomer: a real PostgreSQL, a real bucket where one can
/// be had, the real agent, a mistake, and the way back. Everything lies in one directory and ends
/// with the demo.
@NullMarked
package io.pgbackup.cli.demo;

import org.jspecify.annotations.NullMarked;
