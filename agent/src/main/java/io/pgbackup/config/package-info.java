/// The one configuration file, for agent and command line alike, as a tree of records. Records and
/// loader use nothing of ours but the crontab value, so that everything may take its part of the
/// tree.
@NullMarked
package io.pgbackup.config;

import org.jspecify.annotations.NullMarked;
