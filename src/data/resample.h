#pragma once

#include <span>
#include <vector>

namespace gradus {

// A sound at another rate, both in samples a second and at least 1: round-up(n to / from) samples y[i] = x at the time
// i / to, by a polyphase filter: a sinc of 64 zero crossings under a Kaiser window (beta 9). What lies below 0.82 of
// half the lower rate passes, what lies above half the lower rate is 80 dB lower. Beyond its ends the sound is silent.
// (J. O. Smith and P. Gossett, "A flexible sampling-rate conversion method", ICASSP 1984.)
std::vector<double> resampled(std::span<const double> sound, int from, int to);

}  // namespace gradus
