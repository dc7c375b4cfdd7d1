/// The one configuration file, for agent and command line alike, as a tree of records.
@NullMarked
package io.pgbackup.config;

import org.jspecify.annotations.NullMarked;
