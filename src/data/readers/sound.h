#pragma once

#include <string>
#include <vector>

namespace gradus {

// A sound as one channel of samples, most of them between -1 and 1.
struct Sound {
  int rate = 0;  // samples a second
  std::vector<double> samples;
};

// Whether a file's name ends like one of a sound that is read: .wav, .flac, .ogg, .aif, .aiff, .au, .mp3.
bool has_sound_name(const std::string& path);

// Reads a sound by libsndfile; several channels become their mean. Throws Error{file} for a file that cannot be opened,
// Error{data} that names it for one that is damaged, cut off, without samples, with samples that are no finite numbers,
// or too long for the memory that is free.
Sound read_sound(const std::string& path);

}  // namespace gradus
