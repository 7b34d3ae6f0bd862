#include "gradus/data/task.h"

#include "gradus/base/error.h"

namespace gradus {

namespace {

Value text_list(const std::vector<std::string>& texts) {
  Value v = Value::array();
  for (const std::string& t : texts) v.push_back(t);
  return v;
}

std::vector<std::string> texts_in(const Value& list) {
  std::vector<std::string> texts;
  for (const Value& v : list.as_array()) texts.push_back(v.as_string());
  return texts;
}

}  // namespace

Value TaskSpec::state() const {
  Value v = Value::table();
  v.set("kind", std::string(task_name(kind)));
  v.set("classes", text_list(classes));
  v.set("outputs", text_list(outputs));
  return v;
}

TaskSpec TaskSpec::restored(const Value& state) {
  TaskSpec task;
  const std::string& name = state.at("kind").as_string();
  for (Task k : {Task::regression, Task::binary, Task::multiclass})
    if (name == task_name(k)) task.kind = k;
  if (name != task_name(task.kind)) throw Error(ErrorKind::data, {"task", "a known kind", "\"" + name + "\"", ""});
  task.classes = texts_in(state.at("classes"));
  task.outputs = texts_in(state.at("outputs"));
  return task;
}

}  // namespace gradus
