# The install tree: header, libraries, the CMake package and zbatch.pc, all relative to each other, so that it may be moved.
set(ZBATCH_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/zbatch")

install(FILES include/zbatch.h include/zbatch.hpp DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev)
install(FILES "${ZBATCH_LIB_DIR}/${ZBATCH_SO_FILE}" "${ZBATCH_LIB_DIR}/${ZBATCH_SONAME}"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT lib
        PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
install(FILES "${ZBATCH_LIB_DIR}/${ZBATCH_SO}" "${ZBATCH_LIB_DIR}/${ZBATCH_A_FILE}"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT dev)

# install(EXPORT) refuses imported targets, so the file that defines them is written by hand.
configure_package_config_file(cmake/zbatchConfig.cmake.in zbatchConfig.cmake INSTALL_DESTINATION "${ZBATCH_CMAKE_DIR}"
                              PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR NO_SET_AND_CHECK_MACRO)
configure_file(cmake/zbatchTargets.cmake.in zbatchTargets.cmake @ONLY)
# Before 1.0 a new minor version may change anything.
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(ZBATCH_COMPATIBILITY SameMinorVersion)
else()
  set(ZBATCH_COMPATIBILITY SameMajorVersion)
endif()
write_basic_package_version_file(zbatchConfigVersion.cmake COMPATIBILITY ${ZBATCH_COMPATIBILITY})
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/zbatchConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/zbatchTargets.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/zbatchConfigVersion.cmake"
        DESTINATION "${ZBATCH_CMAKE_DIR}" COMPONENT dev)

# pkg-config: the prefix as the way from the .pc file up to it.
set(ZBATCH_PC_DIR "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" OR IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(ZBATCH_PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
  set(ZBATCH_PC_LIBDIR "${CMAKE_INSTALL_FULL_LIBDIR}")
  set(ZBATCH_PC_INCLUDEDIR "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
else()
  file(RELATIVE_PATH ZBATCH_PC_UP "/${ZBATCH_PC_DIR}" "/")
  string(REGEX REPLACE "/$" "" ZBATCH_PC_UP "${ZBATCH_PC_UP}")
  set(ZBATCH_PC_PREFIX "\${pcfiledir}/${ZBATCH_PC_UP}")
  set(ZBATCH_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
  set(ZBATCH_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
string(REPLACE ";" " " ZBATCH_PC_LIBS_PRIVATE "${ZBATCH_NATIVE_LIBRARIES}")
configure_file(cmake/zbatch.pc.in zbatch.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/zbatch.pc" DESTINATION "${ZBATCH_PC_DIR}" COMPONENT dev)
