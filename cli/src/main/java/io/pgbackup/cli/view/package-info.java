/// What a command shows, as values: the rows of a table and the fields of its JSON, from the same
/// catalogue. Pure.
@NullMarked
package io.pgbackup.cli.view;

import org.jspecify.annotations.NullMarked;
