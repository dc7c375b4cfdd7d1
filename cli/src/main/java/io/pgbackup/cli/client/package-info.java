/// The agent's HTTP interface as the command line sees it.
@NullMarked
package io.pgbackup.cli.client;

import org.jspecify.annotations.NullMarked;
