# room(NAME SOURCES file... [DEPENDS lib...])
#
# One room of the house: a static library with its public headers in include/NAME and its sources
# beside the CMakeLists.txt that calls this. DEPENDS may only name rooms on the same floor or below;
# scripts/check-includes holds every #include against the floor plan.
function(room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(lb_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(lb_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include
                                        PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(lb_${name} PUBLIC ${ROOM_DEPENDS})
endfunction()
