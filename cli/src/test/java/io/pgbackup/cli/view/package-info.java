@NullMarked
package io.pgbackup.cli.view;

import org.jspecify.annotations.NullMarked;
