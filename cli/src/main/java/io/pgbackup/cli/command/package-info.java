/// One class for each verb, and the options they share. Data goes to standard output, words and
/// progress to standard error.
@NullMarked
package io.pgbackup.cli.command;

import org.jspecify.annotations.NullMarked;
