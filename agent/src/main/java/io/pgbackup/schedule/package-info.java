/// When things run: crontab expressions and the scheduler behind them. The only package that knows
/// Quartz.
@NullMarked
package io.pgbackup.schedule;

import org.jspecify.annotations.NullMarked;
